import { NodeContext } from "@effect/platform-node"
import { Clock, Context, Effect, Layer, TestClock } from "effect"
import { randomUUID } from "node:crypto"
import { layerTest } from "../../src/persistence/TestDatabase.ts"
import { Asleep } from "../../src/testing/InProcess.ts"
import { TestApi, type TestApiOptions } from "../../src/testing/TestApi.ts"
import { turns } from "../fakes/turns.ts"
import { type Answer, type Ask, type Broken, makeAsk, type Sent } from "./ask.ts"

/** The service over HTTP, as a test speaks to it. */
export class Service extends Context.Tag("test/Service")<Service, {
  readonly url: string
  readonly ask: Ask
}>() {
  static readonly layer = Layer.effect(Service, Effect.map(TestApi, ({ url }) => ({ url, ask: makeAsk(url) })))
}

/** The service's database, to look into: layers are shared by reference, so beside the service this is its own. */
export const Database = Layer.provide(layerTest, NodeContext.layer)

/** The service with fakes for vendors; deliveries stay as they were queued, unless a test wakes their senders. */
export const Faked = (options: TestApiOptions = {}) =>
  Layer.merge(Service.layer.pipe(Layer.provideMerge(TestApi.layer({ dispatch: Asleep, ...options }))), Database)

type Spoken = (method: string, path: string, sent?: Sent) => Effect.Effect<Answer, Broken, Service>

/** Asks on behalf of an organisation. */
export const as = (orgId: string): Spoken => (method, path, sent = {}) =>
  Effect.flatMap(Service, ({ ask }) => ask(method, path, { ...sent, headers: { "x-org-id": orgId, ...sent.headers } }))

/** Asks on behalf of nobody. */
export const asNobody: Spoken = (method, path, sent) => Effect.flatMap(Service, ({ ask }) => ask(method, path, sent))

/** Tests share a service, so each brings its own organisation. */
export const newOrg = Effect.sync(() => `org-${randomUUID()}`)

export const credentials = {
  pagerduty: { integration: "pagerduty", config: { apiKey: "u+abcdef1234567890", serviceId: "P1ABC2D" } },
  linear: { integration: "linear", config: { apiKey: "lin_api_sandbox" } },
  sentry: { integration: "sentry", config: { authToken: "sntrys_sandbox", organization: "acme" } }
} as const

export const configure = (orgId: string, body: unknown, search = "") =>
  as(orgId)("POST", `/api/integrations/configure${search}`, { body })

/** A new organisation with every vendor configured. */
export const configuredOrg = Effect.tap(
  newOrg,
  (orgId) => Effect.forEach(Object.values(credentials), (body) => configure(orgId, body))
)

/**
 * Lets an effect that waits between retries run to its end: whenever a pause is due within `stepMs`, the test clock
 * moves on to its end, and never further, so that no deadline passes by the way.
 */
export const withoutPauses = <A, E, R>(effect: Effect.Effect<A, E, R>, stepMs = 1500) => {
  const skip = Effect.gen(function*() {
    yield* turns(1)
    const now = yield* Clock.currentTimeMillis
    const sleeps = yield* TestClock.sleeps()
    const next = Math.min(...sleeps)
    if (next > now && next - now <= stepMs) yield* TestClock.setTime(next)
  })
  return Effect.raceFirst(effect, Effect.forever(skip))
}

/** Lets the server see what the network has brought meanwhile. */
export const aFewTurns = turns(5)
