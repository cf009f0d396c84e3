import { defineConfig } from "vitest/config"

/** Twenty thousand odd requests to the built service: minutes, so it has its own command, `npm run test:fuzz`. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["test/fuzz/**/*.fuzz.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true
  }
})
