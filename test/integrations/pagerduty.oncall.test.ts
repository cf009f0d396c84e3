import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Schema } from "effect"
import { OnCall } from "../../src/integrations/pagerduty/domain.ts"
import { answering, entry, failed, oncall, onCalls, person, service } from "../fakes/pagerduty.ts"
import { json, lines, paths, refusal, result, sent } from "../fakes/Upstream.ts"

const first = Effect.map(result(oncall()), (found) => found?.userId ?? null)

/** Who is on call by these entries. */
const among = (...entries: ReadonlyArray<ReturnType<typeof entry>>) =>
  Effect.provide(first, answering([onCalls(entries)]))

describe("who is on call", () => {
  it.effect("is answered in the documented form", () =>
    Effect.gen(function*() {
      const found = yield* result(oncall())
      deepStrictEqual(yield* Schema.encode(Schema.NullOr(OnCall))(found), {
        userId: "PUSER123",
        name: "Fabiano Cruz",
        email: "fabiano@acme.com",
        escalationLevel: 1,
        since: "2026-03-21T08:00:00Z",
        until: "2026-03-22T08:00:00Z"
      })
    }).pipe(Effect.provide(answering([onCalls([entry({ start: "2026-03-21T10:00:00+02:00" })])]))))

  it.effect("is asked of now: no since, no until, no earliest", () =>
    Effect.gen(function*() {
      yield* result(oncall())
      deepStrictEqual(yield* paths, ["GET /oncalls?include[]=users&time_zone=UTC&limit=100&offset=0"])
      const [call] = yield* sent
      assert.strictEqual(call?.headers["authorization"], "Token token=u+0123456789")
      assert.strictEqual(call?.headers["accept"], "application/vnd.pagerduty+json;version=2")
      assert.isUndefined(call?.headers["from"])
    }).pipe(Effect.provide(answering([onCalls([entry()])]))))

  it.effect("is asked of the configured service's escalation policy", () =>
    Effect.gen(function*() {
      yield* result(oncall({ serviceId: "PSVC1", escalationPolicyId: "PIGNORED", fromEmail: "f@acme.com" }))
      deepStrictEqual(yield* paths, [
        "GET /services/PSVC1",
        "GET /oncalls?escalation_policy_ids[]=PPOL7&include[]=users&time_zone=UTC&limit=100&offset=0"
      ])
      deepStrictEqual((yield* sent).map(({ headers }) => headers["from"]), [undefined, undefined])
    }).pipe(Effect.provide(answering([service("PPOL7"), onCalls([entry()])]))))

  it.effect("is asked of the configured escalation policy where no service is configured", () =>
    Effect.gen(function*() {
      yield* result(oncall({ escalationPolicyId: "PPOL9" }))
      deepStrictEqual(yield* paths, [
        "GET /oncalls?escalation_policy_ids[]=PPOL9&include[]=users&time_zone=UTC&limit=100&offset=0"
      ])
    }).pipe(Effect.provide(answering([onCalls([entry()])]))))

  it.effect("is nobody where there are no entries", () =>
    Effect.gen(function*() {
      assert.isNull(yield* among())
    }))

  it.effect("is the lowest level there is, also when level 1 has a gap", () =>
    Effect.gen(function*() {
      const at = (level: number) => entry({ escalation_level: level, user: person(`P${level}`) })
      assert.strictEqual(yield* among(at(3), at(1), at(2)), "P1")
      assert.strictEqual(yield* among(at(10), at(3), at(2)), "P2")
    }))

  it.effect("of several people on one level is the one who began first, then the lower id", () =>
    Effect.gen(function*() {
      const since = (id: string, start: string | null) => entry({ user: person(id), start })
      const eight = "2026-03-21T08:00:00Z"
      assert.strictEqual(yield* among(since("PA", "2026-03-21T09:00:00Z"), since("PB", eight)), "PB")
      // The same moment, though the text is lower.
      assert.strictEqual(yield* among(since("PB", "2026-03-21T07:00:00-01:00"), since("PA", eight)), "PA")
      assert.strictEqual(yield* among(since("PB", eight), since("PA", eight), since("PA", eight)), "PA")
      assert.strictEqual(yield* among(since("PA", eight), since("PZ", null)), "PZ")
      assert.strictEqual(
        yield* among(entry({ user: person("PA"), escalation_level: 2, start: null }), since("PB", eight)),
        "PB"
      )
    }))

  it.effect("may be somebody who never goes off call", () =>
    Effect.gen(function*() {
      const permanent = entry({ start: null, end: null, schedule: null })
      const { end: _, schedule: __, start: ___, ...absent } = entry()
      for (const one of [permanent, absent]) {
        const found = yield* Effect.provide(result(oncall()), answering([onCalls([one])]))
        deepStrictEqual([found?.since, found?.until], [null, null])
      }
    }))

  it.effect("may be a reference without name and e-mail", () =>
    Effect.gen(function*() {
      const nameOf = (user: object) =>
        Effect.map(
          Effect.provide(result(oncall()), answering([onCalls([entry({ user })])])),
          (found) => [found?.name, found?.email]
        )
      deepStrictEqual(yield* nameOf({ id: "P1", type: "user_reference", summary: "Tim Wright" }), ["Tim Wright", null])
      deepStrictEqual(yield* nameOf({ id: "P1", name: null, summary: null, email: null }), ["P1", null])
    }))

  it.effect("may be on a later page, told by `more` and not by `total`", () =>
    Effect.gen(function*() {
      const found = yield* result(oncall())
      assert.strictEqual(found?.userId, "PLAST")
      deepStrictEqual((yield* paths).map((path) => path.replace(/.*limit/, "limit")), [
        "limit=100&offset=0",
        "limit=100&offset=100",
        "limit=100&offset=200"
      ])
    }).pipe(Effect.provide(answering([
      onCalls([entry({ escalation_level: 3 })], { more: true, total: 1 }),
      onCalls([entry({ escalation_level: 2 })], { more: true, offset: 100 }),
      onCalls([entry({ user: person("PLAST") })], { more: false, offset: 200, total: null })
    ]))))

  it.effect("is not looked for beyond what PagerDuty lets us page", () =>
    Effect.gen(function*() {
      yield* result(oncall())
      const calls = yield* paths
      assert.strictEqual(calls.length, 100)
      assert.include(calls.at(-1), "limit=100&offset=9900")
    }).pipe(Effect.provide(answering(Array.from({ length: 101 }, () => onCalls([entry()], { more: true }))))))
})

describe("the configured service", () => {
  it.effect("that does not exist is refused in PagerDuty's words", () =>
    Effect.gen(function*() {
      const error = yield* refusal(oncall({ serviceId: "PNONE" }))
      assert.strictEqual(error._tag, "UpstreamRejected")
      assert.strictEqual(error.details, "Not Found")
      assert.strictEqual((yield* sent).length, 1)
    }).pipe(Effect.provide(answering([failed(404, 2100, "Not Found")]))))

  it.effect.each(["../users/me", "P1/../../users", "..", ".", "P1?x=y", "P1#x", "%2e%2e", "P 1", "", "é"])(
    "is never asked for as %j",
    (serviceId) =>
      Effect.gen(function*() {
        const error = yield* refusal(oncall({ serviceId }))
        assert.strictEqual(error._tag, "UpstreamRejected")
        deepStrictEqual(yield* lines, [])
      }).pipe(Effect.provide(answering([])))
  )

  it.effect("an escalation policy's id stays one parameter, whatever it is", () =>
    Effect.gen(function*() {
      yield* result(oncall({ escalationPolicyId: "P1&user_ids[]=P2#x" }))
      const url = new URL((yield* sent)[0]?.url ?? "")
      deepStrictEqual(url.searchParams.getAll("escalation_policy_ids[]"), ["P1&user_ids[]=P2#x"])
      assert.isFalse(url.searchParams.has("user_ids[]"))
    }).pipe(Effect.provide(answering([onCalls([])]))))
})

describe("where PagerDuty is", () => {
  const origin = Effect.map(lines, ([line]) => line?.replace(/^GET (https?:\/\/[^/]+)\/.*$/, "$1"))

  it.effect.each(
    [[undefined, "https://api.pagerduty.com"], ["us", "https://api.pagerduty.com"], [
      "eu",
      "https://api.eu.pagerduty.com"
    ]] as const
  )("region %s is %s", ([region, expected]) =>
    Effect.gen(function*() {
      yield* result(oncall(region === undefined ? {} : { region }))
      assert.strictEqual(yield* origin, expected)
    }).pipe(Effect.provide(answering([onCalls([])]))))

  it.effect("the operator's override wins over the region", () =>
    Effect.gen(function*() {
      yield* result(oncall({ region: "eu" }))
      assert.strictEqual(yield* origin, "http://127.0.0.1:4001")
    }).pipe(Effect.provide(answering([onCalls([])], { origin: "http://127.0.0.1:4001" }))))

  it.effect("an answer that is not PagerDuty's is unreadable", () =>
    Effect.gen(function*() {
      const error = yield* refusal(oncall())
      assert.strictEqual(error.details, "PagerDuty answered with something unexpected at oncalls")
    }).pipe(Effect.provide(answering([json({ hello: "canary" })]))))
})
