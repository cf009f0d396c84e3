import { defineConfig } from "vitest/config"

/** What touches the database, on PostgreSQL: `npm run test:postgres`. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: [
      "test/{postgres,persistence,services,alerts,http,document,observability}/**/*.test.ts",
      "test/testing.test.ts",
      "test/client.test.ts"
    ],
    // About SQLite itself: its query plans, and its full disk, whose twin is in test/postgres.
    exclude: ["test/**/*{p,P}lans.test.ts", "test/http/outage.test.ts"],
    globalSetup: ["test/postgres/globalSetup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
