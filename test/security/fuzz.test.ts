import { assert, describe, it } from "@effect/vitest"
import { Config, Effect, Layer } from "effect"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { temporary } from "../fakes/Storage.ts"
import { attack } from "../fuzz/attack.ts"
import { prepared } from "../fuzz/surroundings.ts"
import { Service } from "../http/service.ts"
import { onDisk } from "./onDisk.ts"

describe("requests that nobody means", () => {
  it.scopedLive("are answered as documented; the whole of it is `npm run test:fuzz`", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const { environment } = yield* StandIns.make()
      const seed = yield* Config.integer("FUZZ_SEED").pipe(Config.withDefault(Date.now() % 1_000_000))
      const context = yield* Layer.build(
        onDisk(`${directory}/fuzz.db`, { ...environment, RATE_LIMIT: "1000000", UPSTREAM_TIMEOUT: "2 seconds" })
      )
      const report = yield* Effect.gen(function*() {
        const { url } = yield* Service
        const { around, operations } = yield* prepared(url)
        assert.isAbove(operations.length, 25)
        return yield* attack({ url, around, operations, count: 500, seed })
      }).pipe(Effect.provide(context))
      assert.deepStrictEqual(report.complaints, [], `FUZZ_SEED=${seed}`)
      for (const status of ["200", "400", "404"]) {
        assert.isAbove(report.statuses[status] ?? 0, 20, JSON.stringify(report))
      }
    }), 120_000)
})
