import { defineConfig } from "vitest/config"

/** The service killed at random under load: minutes, so it has its own command, `npm run test:crash`. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/crash/**/*.crash.ts"],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true
  }
})
