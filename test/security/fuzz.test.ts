import { assert, describe, it } from "@effect/vitest"
import { Config, Effect, Layer } from "effect"
import { Vendors } from "../../src/App.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { TestApi } from "../../src/testing/TestApi.ts"
import { attack } from "../fuzz/attack.ts"
import { prepared } from "../fuzz/surroundings.ts"
import { environments } from "./environments.ts"

describe("requests that nobody means", () => {
  for (const { entitled, environment: callers, name } of environments) {
    it.scopedLive(
      `are answered as documented with ${name}; the whole of it is \`npm run test:fuzz\``,
      () =>
        Effect.gen(function*() {
          const { environment } = yield* StandIns.make()
          const seed = yield* Config.integer("FUZZ_SEED").pipe(Config.withDefault(Date.now() % 1_000_000))
          const context = yield* Layer.build(
            TestApi.over(Vendors, { ...environment, ...callers, UPSTREAM_TIMEOUT: "2 seconds" })
          )
          const report = yield* Effect.gen(function*() {
            const { url } = yield* TestApi
            const { around, operations } = yield* prepared(url, Object.entries(yield* entitled("*")))
            assert.isAbove(operations.length, 25)
            return yield* attack({ url, around, operations, count: 300, seed })
          }).pipe(Effect.provide(context))
          assert.deepStrictEqual(report.complaints, [], `FUZZ_SEED=${seed}`)
          for (const status of ["200", "400", "404"]) {
            assert.isAbove(report.statuses[status] ?? 0, 10, JSON.stringify(report))
          }
        }),
      120_000
    )
  }
})
