# Builds with everything, ships what runs: Node, the bundled programs and SQLite's native part.
FROM node:20-bookworm AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json bundle.mjs ./
COPY src ./src
RUN npm run build
# All that the bundles load from node_modules.
RUN mkdir -p /ship/node_modules/better-sqlite3/build/Release \
 && cp -r node_modules/bindings node_modules/file-uri-to-path /ship/node_modules/ \
 && cp -r node_modules/better-sqlite3/package.json node_modules/better-sqlite3/lib /ship/node_modules/better-sqlite3/ \
 && cp node_modules/better-sqlite3/build/Release/better_sqlite3.node /ship/node_modules/better-sqlite3/build/Release/ \
 && cp -r dist/bin package.json /ship/ \
 && mkdir /ship/data

# No shell, no package manager; runs as user 65532. Nothing but /app/data is ever written, and that by SQLite alone.
FROM gcr.io/distroless/nodejs20-debian12:nonroot
WORKDIR /app
COPY --from=build --chown=65532:65532 /ship ./
ENV NODE_ENV=production LOG_FORMAT=json HOST=0.0.0.0 PORT=3000
EXPOSE 3000 34431
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s CMD ["/nodejs/bin/node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["--max-semi-space-size=32", "bin/main.js"]
