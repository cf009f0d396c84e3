import { assert, describe, it } from "@effect/vitest"
import { Config, Console, Effect } from "effect"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { temporary } from "../fakes/Storage.ts"
import { unlimited } from "../security/onDisk.ts"
import { attack } from "./attack.ts"
import { makeChild, type Usage } from "./child.ts"
import { prepared } from "./surroundings.ts"

/** What the service may hold more than before, whatever it was sent. */
const allowedGrowth = 50 * 1024 * 1024

/** Requests before the first look: by then code is compiled, caches and pools have their size. */
const warmUp = 4000

const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
const shown = ({ external, heapUsed, rss }: Usage) =>
  `${mib(heapUsed)} of heap, ${mib(external)} beside it, ${mib(rss)} resident`

describe("the built service under requests that nobody means", () => {
  it.scopedLive("answers each as documented, and holds no more memory than before", () =>
    Effect.gen(function*() {
      const seed = yield* Config.integer("FUZZ_SEED").pipe(Config.withDefault(Date.now() % 1_000_000))
      const count = yield* Config.integer("FUZZ_REQUESTS").pipe(Config.withDefault(20_000))
      const directory = yield* temporary
      const { clear, environment } = yield* Effect.map(StandIns.make(), ({ environment, ...standIns }) => ({
        environment,
        clear: Effect.forEach(Object.values(standIns), ({ clear }) => clear, { discard: true })
      }))
      const child = yield* makeChild({
        ...environment,
        DATABASE_URL: `file:${directory}/fuzz.db`,
        UPSTREAM_TIMEOUT: "2 seconds",
        // What is looked for is behind the limits.
        ...unlimited
      })
      yield* Console.log(`FUZZ_SEED=${seed}`)
      const { around, operations } = yield* prepared(child.url)
      const run = (count: number, from: number) =>
        Effect.tap(attack({ url: child.url, around, operations, count, seed: from }), () => clear)
      const warm = yield* run(warmUp, seed + 10_000_000)
      yield* Effect.sleep("1 second")
      const before = yield* child.usage
      const report = yield* run(count, seed)
      yield* Effect.sleep("1 second")
      const after = yield* child.usage

      const statuses = Object.entries(report.statuses).map(([status, times]) => `${status} ${times}`).join(", ")
      yield* Console.log(
        [
          `${report.made} requests after ${warm.made} to warm up, seed ${seed}`,
          `statuses: ${statuses}`,
          `worst latency: ${report.worst.ms} ms, ${report.worst.request}`,
          `memory before: ${shown(before)}`,
          `memory after: ${shown(after)}`
        ].join("\n")
      )
      assert.deepStrictEqual([...warm.complaints, ...report.complaints], [])
      assert.deepStrictEqual(child.errors, [])
      assert.isAtLeast(report.made, count)
      for (const status of ["200", "201", "202", "400", "401", "404", "405", "413", "415", "422"]) {
        assert.isAbove(report.statuses[status] ?? 0, 0, `no ${status} among ${statuses}`)
      }
      assert.isBelow(after.heapUsed + after.external - before.heapUsed - before.external, allowedGrowth, "heap")
      assert.isBelow(after.rss - before.rss, allowedGrowth, "resident")
    }))
})
