import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { hang } from "../../src/sandbox/Fault.ts"
import { sandboxWebhookSecrets } from "../../src/sandbox/seed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { type Answer, at } from "../http/ask.ts"
import { Service } from "../http/service.ts"
import type { Example } from "./Example.ts"
import { errorExamples, routeExamples, webhookExample } from "./routingExamples.ts"
import { Seeded, setClock } from "./sandbox.ts"
import { vendorExamples } from "./vendorExamples.ts"

/** The same JSON, and not a space, a key or an order of keys else. */
const same = (answer: Answer, status: number, documented: string) => {
  const expected: unknown = JSON.parse(documented)
  assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status, body: expected })
  assert.strictEqual(answer.text, JSON.stringify(expected))
  assert.match(answer.headers["content-type"] ?? "", /^application\/json\b/)
}

const run = ({ body, clock, headers, method, path }: Example) =>
  Effect.gen(function*() {
    if (clock !== undefined) yield* setClock(clock)
    const { ask } = yield* Service
    return yield* ask(method, path, { headers, ...(body !== undefined && { body }) })
  })

/** The vendors were used at the times that the document's status shows. */
const synced = Effect.gen(function*() {
  const { ask } = yield* Service
  const headers = { "x-org-id": "org-acme-corp" }
  yield* setClock("2026-03-21T13:55:00Z")
  yield* ask("GET", "/api/integrations/linear/teams", { headers })
  yield* setClock("2026-03-21T14:00:00Z")
  yield* ask("GET", "/api/integrations/pagerduty/oncall", { headers })
  yield* setClock("2026-03-21T14:01:00Z")
  yield* ask("GET", "/api/observability/sentry", { headers })
})

// The examples build on each other, so they run from the top of the document to its end.
layer(Seeded)("the document", (it) => {
  it.effect("begins with the state that it shows", () => synced)

  for (const example of vendorExamples) {
    it.effect(`shows ${example.title}`, () =>
      Effect.map(run(example), (answer) => same(answer, example.status, example.response)))
  }

  it.effect("shows Sentry Webhook", () =>
    Effect.gen(function*() {
      const { body = "", headers, response, status } = webhookExample
      const signed = signatureHeaders.sentry(sandboxWebhookSecrets.sentry, body)
      const answer = yield* run({ ...webhookExample, headers: { ...headers, ...signed } })
      const agentId = String(at(answer.json, "agentId"))
      assert.match(agentId, /^agent-incident-[a-z0-9]{6}$/)
      same(answer, status, response.replace("agent-incident-xyz789", agentId))
    }))

  it.effect("refuses the webhook with its placeholder for a signature", () =>
    Effect.gen(function*() {
      const headers = { ...webhookExample.headers, "sentry-hook-signature": "<hmac-sha256>" }
      const answer = yield* run({ ...webhookExample, headers })
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(at(answer.json, "code"), "INVALID_SIGNATURE")
    }))

  for (const example of routeExamples) {
    it.effect(`shows ${example.title}`, () =>
      Effect.map(run(example), (answer) => same(answer, example.status, example.response)))
  }

  it.effect("shows the error of what is not configured", () =>
    Effect.gen(function*() {
      const { ask } = yield* Service
      const answer = yield* ask("GET", "/api/integrations/pagerduty/oncall", { headers: { "x-org-id": "org-new" } })
      same(answer, 400, errorExamples.notConfigured)
    }))

  it.effect("shows the error of a vendor that does not answer", () =>
    Effect.gen(function*() {
      const { ask } = yield* Service
      const { sentry } = yield* StandIns
      yield* sentry.clear
      yield* sentry.script(hang)
      const asked = yield* Effect.fork(
        ask("GET", "/api/observability/sentry", { headers: { "x-org-id": "org-acme-corp" } })
      )
      yield* sentry.awaitCalls(1)
      yield* TestClock.adjust("10 seconds")
      same(yield* Fiber.join(asked), 502, errorExamples.upstream)
    }))

  it.effect("shows the error of a route that is not there", () =>
    Effect.gen(function*() {
      const { ask } = yield* Service
      const headers = { "x-org-id": "org-acme-corp" }
      same(yield* ask("DELETE", "/api/channel-routes/route-003", { headers }), 404, errorExamples.routeNotFound)
    }))
})
