import { defineConfig } from "vitest/config"

/** What touches the database, on PostgreSQL: `npm run test:postgres`. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: [
      "test/{postgres,persistence,services,alerts,http,document}/**/*.test.ts",
      "test/testing.test.ts",
      "test/client.test.ts"
    ],
    globalSetup: ["test/postgres/globalSetup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
