import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, FastCheck, Option } from "effect"
import { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { EventState, severities } from "../../src/domain/Event.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"
import type { Reaction } from "../fakes/Notifications.ts"
import { acme } from "../fakes/Storage.ts"
import { advance, turns } from "../fakes/turns.ts"
import { arrived, mortal, react, retry } from "./attackLives.ts"
import { accept, deliveries, pipeline, route } from "./pipeline.ts"

const places = ["C1", "C2"] as const
const place = FastCheck.constantFrom(...places)

const failed = (reason: "unavailable" | "throttled" | "credentials", retryAfterMs?: number): Reaction => () =>
  new UpstreamFailed({
    vendor: "Slack",
    reason,
    details: reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs })
  })

/** What a channel does with each message from now on. */
const reactions: Readonly<Record<string, Reaction>> = {
  takes: () => Effect.succeed({ pauseMs: 0 }),
  paces: () => Effect.succeed({ pauseMs: 1500 }),
  dawdles: () => Effect.delay(Effect.succeed({ pauseMs: 0 }), "4 seconds"),
  fails: failed("unavailable"),
  throttles: failed("throttled", 20_000),
  refuses: () => new UpstreamRejected({ vendor: "Slack", details: "no" }),
  shutsOut: failed("credentials"),
  breaks: () => Effect.dieMessage("bug")
}

const command = FastCheck.oneof(
  {
    weight: 8,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("accept" as const),
      place,
      group: FastCheck.constantFrom(null, null, "g1", "g2"),
      severity: FastCheck.constantFrom(...severities),
      state: FastCheck.constantFrom(...EventState.literals)
    })
  },
  {
    weight: 5,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("react" as const),
      place,
      reaction: FastCheck.constantFrom(...Object.keys(reactions))
    })
  },
  {
    weight: 5,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("pass" as const),
      seconds: FastCheck.constantFrom(1, 1, 2, 5, 7, 30, 61)
    })
  },
  { weight: 2, arbitrary: FastCheck.record({ _tag: FastCheck.constant("retry" as const), which: FastCheck.nat(50) }) },
  { weight: 4, arbitrary: FastCheck.record({ _tag: FastCheck.constant("configure" as const) }) },
  { weight: 3, arbitrary: FastCheck.record({ _tag: FastCheck.constant("forget" as const) }) },
  { weight: 4, arbitrary: FastCheck.record({ _tag: FastCheck.constant("kill" as const) }) }
)

const pass = (seconds: number) => Effect.zipRight(advance(`${seconds} seconds`), turns(80))

/** A config is known by when it was stored. */
const configure = Effect.gen(function*() {
  yield* pass(1)
  const configuredAt = yield* DateTime.now
  const integrations = yield* IntegrationsRepo
  yield* integrations.put({ orgId: acme, integration: "slack", keyId: "k", sealed: "s", configuredAt })
})

const forget = Effect.flatMap(IntegrationsRepo, (integrations) => integrations.remove(acme, "slack"))

const waiting = Effect.map(
  deliveries,
  (rows) => rows.filter(({ status }) => status === "pending" || status === "delivering")
)

const played = (commands: ReadonlyArray<typeof command extends FastCheck.Arbitrary<infer A> ? A : never>) => {
  const { kill, layer } = mortal()
  const reacts = new Map<string, string>()
  const retried = new Set<string>()
  const titles: Array<{ readonly place: string; readonly title: string; readonly group: string | null }> = []
  return Effect.gen(function*() {
    for (const channelId of places) yield* route(channelId, acme, { eventType: `to.${channelId}` })
    yield* configure
    let life = 0
    yield* react((seen, n) =>
      Effect.suspend(() => {
        const mine = life
        const answer = reactions[reacts.get(seen.channelId) ?? "takes"]?.(seen, n) ?? Effect.never
        return Effect.ensuring(answer, Effect.suspend(() => life === mine ? Effect.void : Effect.never))
      })
    )
    for (const one of commands) {
      switch (one._tag) {
        case "accept": {
          const title = `n${titles.length}`
          titles.push({ place: one.place, title, group: one.group })
          yield* accept({
            title,
            type: `to.${one.place}`,
            groupKey: one.group,
            severity: one.severity,
            state: one.state
          })
          break
        }
        case "react":
          reacts.set(one.place, one.reaction)
          break
        case "pass":
          yield* pass(one.seconds)
          break
        case "retry": {
          const rows = yield* deliveries
          const row = rows[one.which % Math.max(1, rows.length)]
          // What is being sent by now is left alone.
          if (row !== undefined && Option.isSome(yield* retry(String(row["id"])))) retried.add(String(row["eventId"]))
          break
        }
        case "configure":
          yield* configure
          break
        case "forget":
          yield* forget
          break
        case "kill":
          // Whatever is being sent is never heard of again.
          life++
          yield* kill
      }
    }
    // The last process but one ends while it works off what is left.
    for (const channelId of places) reacts.set(channelId, "paces")
    yield* configure
    yield* pass(6)
    life++
    yield* kill
    reacts.clear()
    for (let steps = 0; steps < 600 && (yield* waiting).length > 0; steps++) yield* pass(20)

    const rows = yield* deliveries
    deepStrictEqual(rows.filter(({ status }) => !["delivered", "failed"].includes(String(status))), [])
    const sql = yield* SqlClient.SqlClient
    const retriedTitles = new Set(
      (yield* sql`SELECT id, title FROM events`).filter(({ id }) => retried.has(String(id))).map(({ title }) => title)
    )
    const seen = yield* arrived
    for (const channelId of places) {
      const here = seen.filter((one) => one.channelId === channelId)
      // In order, but for what somebody put back, and what was folded.
      const alone = titles
        .filter(({ group, place, title }) => place === channelId && group === null && !retriedTitles.has(title))
        .map(({ title }) => title)
      const first = [...new Set(here.map(({ title }) => title))].filter((title) => alone.includes(title))
      deepStrictEqual(first, alone.filter((title) => first.includes(title)))
      const delivered = rows.filter((row) => row["channelId"] === channelId && row["status"] === "delivered")
      const told = here.reduce((sum, { folded }) => sum + folded + 1, 0)
      assert.isAtLeast(told, delivered.length)
    }
  }).pipe(Effect.provide(pipeline({ configured: false, dispatch: layer })))
}

describe("whatever happens", () => {
  it.effect.prop(
    "every delivery ends, in order, once its channel is healthy",
    [FastCheck.array(command, { minLength: 1, maxLength: 60 })],
    ([commands]) => played(commands),
    { fastCheck: { numRuns: 25 }, timeout: 120_000 }
  )
})
