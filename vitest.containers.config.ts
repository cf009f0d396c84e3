import { defineConfig } from "vitest/config"

/** The commands of the Dockerfile, run as they stand there: an install and a build, so `npm run test:containers`. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/containers/**/*.commands.ts"],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true
  }
})
