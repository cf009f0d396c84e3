import { defineConfig } from "vitest/config"

/** Three processes over one PostgreSQL, all of them killed, stopped and cut off: minutes, so `npm run test:chaos`. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/chaos/**/*.chaos.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true
  }
})
