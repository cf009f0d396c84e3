import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Clock, Deferred, Effect, FiberId, Layer, Redacted } from "effect"
import { Dispatch } from "../../src/alerts/Dispatch.ts"
import type { OrgId } from "../../src/domain/Ids.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { acme, globex } from "../fakes/Storage.ts"
import { withChannels } from "./attackLives.ts"
import { accept, deliveries, pass, pipeline, route, settle } from "./pipeline.ts"

/** A channel that answers nothing until it is told to, and notes who asked. */
const hanging = (to: (token: string) => boolean) => {
  const asked: Array<string> = []
  const answered = Deferred.unsafeMake<void>(FiberId.none)
  return {
    asked,
    /** A send under way is not interrupted, so a test has to end it. */
    answer: Deferred.succeed(answered, undefined),
    verify: () => Effect.void,
    send: ({ botToken }: { readonly botToken: Redacted.Redacted }, channelId: string) =>
      Effect.suspend(() => {
        asked.push(channelId)
        return Effect.as(to(Redacted.value(botToken)) ? Deferred.await(answered) : Effect.void, { pauseMs: 0 })
      })
  }
}

const configured = (orgId: OrgId, integration: string, botToken = "token") =>
  Effect.flatMap(Integrations, (integrations) => integrations.configure(orgId, integration, { botToken }))

const many = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

describe("a channel that does not answer", () => {
  it.effect("holds back no other channel", () => {
    const slack = hanging(() => true)
    const telegram = hanging(() => false)
    return Effect.gen(function*() {
      yield* configured(acme, "slack")
      yield* configured(acme, "telegram")
      for (const channelId of many(160, "C")) yield* route(channelId)
      yield* accept()
      yield* settle
      yield* route("1", acme, { channel: "telegram" })
      yield* accept()
      yield* settle
      deepStrictEqual(telegram.asked, ["1"])
    }).pipe(Effect.ensuring(slack.answer), Effect.provide(withChannels({ slack, telegram })))
  })

  it.effect("for one organisation holds back no other organisation", () => {
    const slack = hanging((token) => token === "slow")
    return Effect.gen(function*() {
      yield* configured(acme, "slack", "slow")
      yield* configured(globex, "slack", "quick")
      for (const channelId of many(160, "C")) yield* route(channelId)
      yield* accept()
      yield* settle
      yield* route("D", globex)
      yield* accept({}, globex)
      yield* settle
      assert.include(slack.asked, "D")
    }).pipe(Effect.ensuring(slack.answer), Effect.provide(withChannels({ slack })))
  })

  it.effect("has only those that it was asked to send under way: what waits for its turn is pending", () => {
    const slack = hanging(() => true)
    return Effect.gen(function*() {
      yield* configured(acme, "slack")
      for (const channelId of many(160, "C")) yield* route(channelId)
      yield* accept()
      yield* settle
      const underWay = (yield* deliveries).filter(({ status }) => status === "delivering")
      assert.strictEqual(underWay.length, slack.asked.length)
      assert.isAbove(slack.asked.length, 0)
    }).pipe(Effect.ensuring(slack.answer), Effect.provide(withChannels({ slack })))
  })
})

describe("the sweep", () => {
  it.effect("comes to every destination, however many are stuck", () => {
    const woken = new Set<string>()
    const deaf = Layer.succeed(Dispatch, {
      wake: (destinations) => Effect.sync(() => destinations.forEach(({ channelId }) => woken.add(channelId)))
    })
    return Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const ids = many(2500, "C")
      for (const [n, channelId] of ids.entries()) {
        const dueAt = `1969-12-31T23:${String(Math.floor(n / 60) % 60).padStart(2, "0")}:00.000Z`
        yield* sql`INSERT INTO destinations ${
          sql.insert({ orgId: acme, channel: "slack", channelId, lastNumber: 1, wakes: 1, dueAt })
        }`
      }
      yield* pass(20, 1)
      assert.strictEqual(woken.size, 2500)
    }).pipe(Effect.provide(pipeline({ dispatch: deaf })))
  })

  it.effect("does not wake those at work again and again, and comes back to what was left", () => {
    const woken: Array<number> = []
    const deaf = Layer.succeed(Dispatch, {
      wake: (destinations) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sync(() => destinations.forEach(() => woken.push(now))))
    })
    return Effect.gen(function*() {
      yield* route("C1")
      yield* accept()
      yield* pass(120, 1)
      const bySweep = woken.slice(1)
      assert.isAtLeast(bySweep.length, 3)
      assert.isAtMost(bySweep.length, 9)
    }).pipe(Effect.provide(pipeline({ dispatch: deaf })))
  })
})

describe("many destinations at once", () => {
  it.live("leave the event loop to others after every few steps", () => {
    return Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      for (const channelId of many(200, "C")) yield* route(channelId)
      const finished = Effect.map(
        sql`SELECT COUNT(*) AS n FROM deliveries WHERE status <> 'pending'`,
        ([row]) => Number(row?.["n"])
      )
      yield* accept()
      let most = 0
      let last = 0
      while (last < 200) {
        yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
        const now = yield* finished
        most = Math.max(most, now - last)
        last = now
      }
      assert.isAtMost(most, 5)
    }).pipe(Effect.provide(pipeline()))
  })
})
