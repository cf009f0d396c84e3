import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    // Those need a PostgreSQL server: `npm run test:postgres`.
    exclude: ["test/postgres/**"],
    setupFiles: ["test/security/suite.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
