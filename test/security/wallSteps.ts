import type { SqlClient, SqlError } from "@effect/sql"
import { assert } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { type Answer, at, type Broken, type Sent } from "../http/ask.ts"
import type { Service } from "../http/service.ts"
import { pass } from "../sandbox/alerts.ts"
import { configs, type Credentials, vendors } from "./tenants.ts"

/*
 * Three organisations on one server. All that they can choose is the same: projects, channels, dedup keys, idempotency
 * keys, route numbers. All that is theirs, texts and credentials, holds their mark.
 */

export const marks = ["wallmarka", "wallmarkb", "wallmarkc"] as const
export type Mark = typeof marks[number]
const markAt = (slot: number): Mark => marks[slot % marks.length] ?? marks[0]

export const tokensOf = (mark: Mark): Credentials => ({
  pagerduty: `u+${mark}0123456789`,
  linear: `lin_api_${mark}0123456789`,
  sentry: `sntrys_${mark}0123456789`,
  slack: `xoxb-${mark}-0123456789`,
  discord: `discord.${mark}.0123456789`,
  telegram: `123456:${mark}0123456789`,
  whatsapp: `EAA${mark}0123456789`,
  webhookSecret: `secret-${mark}-0123456789`,
  webhookSecretPrevious: `secret-before-${mark}-0123456789`
})
export const endpointSecretOf = (mark: Mark) => Buffer.from(`endpoint-secret-of-${mark}-padding`).toString("base64")

export const today = "2026-03-21T13:50:00Z"

/** What the steps of one run know of the server and of each other. */
export interface World {
  readonly orgOf: (mark: Mark) => string
  /** Speaks for an organisation. */
  readonly speak: (mark: Mark) => (method: string, path: string, sent: Sent) => Effect.Effect<Answer, Broken, Service>
  /** Asks as an organisation, and checks what it is told. */
  readonly ask: (mark: Mark) => (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>
  ) => Effect.Effect<Answer, Broken, Service>
  /** Where agents take pushes. */
  readonly receiver: string
  /** Ids of a kind that an organisation was shown. */
  readonly ids: Map<string, ReadonlyArray<string>>
}

interface Choice {
  readonly mark: Mark
  /** Whose ids are tried beside one's own. */
  readonly foreign: Mark
  readonly pick: number
  readonly vendor: typeof vendors[number]
  readonly place: readonly [channel: string, channelId: string]
}

type Action = (
  world: World,
  choice: Choice
) => Effect.Effect<unknown, Broken | SqlError.SqlError, Service | SqlClient.SqlClient>

const idsIn = (json: unknown, list: string): ReadonlyArray<string> =>
  Object.values(Object(at(json, list))).map((one) => String(at(one, "id")))

/** What an answer tells, apart from the id of the request. */
const told = ({ headers, status, text }: Answer) => {
  const { date: _, "x-request-id": __, ...others } = headers
  return { status, text, headers: others }
}

const simply =
  (method: string, path: (choice: Choice) => string, body: (choice: Choice) => unknown = () => undefined): Action =>
  (world, choice) => world.ask(choice.mark)(method, path(choice), body(choice))

const listed = (path: string, kind: string): Action => (world, { mark }) =>
  Effect.map(
    world.ask(mark)("GET", path),
    ({ json }) => world.ids.set(`${mark} ${kind}`, idsIn(json, kind))
  )

/** With an id of one's own, and with another's, which is answered as one that nobody has, to the byte. */
const onIds = (
  kind: string,
  nobodys: string,
  method: string,
  path: (id: string) => string,
  body: (world: World, choice: Choice) => unknown = () => undefined
): Action =>
(world, choice) =>
  Effect.gen(function*() {
    const { foreign, mark, pick } = choice
    const pickOf = (whose: Mark) => {
      const ids = world.ids.get(`${whose} ${kind}`) ?? []
      return ids[pick % Math.max(1, ids.length)]
    }
    const [own, anothers] = [pickOf(mark), pickOf(foreign)]
    const sent = { body: body(world, choice) }
    if (own !== undefined) yield* world.ask(mark)(method, path(own), sent.body)
    if (anothers === undefined || foreign === mark) return
    const me = world.speak(mark)
    const refused = yield* me(method, path(anothers), sent)
    assert.strictEqual(refused.status, 404, path(anothers))
    assert.deepStrictEqual(told(refused), told(yield* me(method, path(nobodys), sent)), path(anothers))
  })

const webhookVendors = ["sentry", "pagerduty", "linear"] as const

const webhookBody = (mark: string, pick: number) => {
  const id = `same-${pick}`
  const incident = { id, type: "incident", title: `Incident ${mark}`, service: { id: "P1", summary: "proj-001" } }
  return JSON.stringify({
    action: pick % 4 === 3 ? "resolved" : "created",
    type: "Issue",
    data: { id, title: `Issue ${mark}`, issue: { id, title: `Issue ${mark}`, project: { slug: "proj-001" } } },
    event: { id, event_type: "incident.triggered", data: incident },
    webhookTimestamp: Date.parse(today)
  })
}

const deliver = (world: World, { mark, pick }: Choice, search: string, signedBy: Mark) => {
  const vendor = webhookVendors[pick % 3] ?? "sentry"
  const body = webhookBody(mark, pick)
  const { webhookSecret, webhookSecretPrevious } = tokensOf(signedBy)
  const secret = pick % 2 === 0 ? webhookSecret : webhookSecretPrevious
  return world.ask(mark)("POST", `/api/webhooks/${vendor}${search}`, body, signatureHeaders[vendor](secret, body))
}

const routeOf = ({ pick }: Choice) => `/api/channel-routes/route-00${1 + pick % 3}`

const actions = {
  configure: simply(
    "POST",
    ({ pick }) => `/api/integrations/configure?verify=${pick % 2 === 0}`,
    ({ mark, vendor }) => configs(tokensOf(mark))[vendor]
  ),
  forget: simply("DELETE", ({ vendor }) => `/api/integrations/${vendor}`),
  show: simply("GET", ({ vendor }) => `/api/integrations/${vendor}`),
  status: simply("GET", () => "/api/integrations/status"),
  oncall: simply("GET", () => "/api/integrations/pagerduty/oncall"),
  incidents: simply("GET", () => "/api/integrations/pagerduty/incidents"),
  acknowledge: simply(
    "POST",
    () => "/api/integrations/pagerduty/incidents/P1INC001/acknowledge",
    ({ mark }) => ({ acknowledgedBy: mark })
  ),
  teams: simply("GET", () => "/api/integrations/linear/teams"),
  issues: simply("GET", () => "/api/integrations/linear/issues"),
  createIssue: (world, { mark, pick }) =>
    world.ask(mark)(
      "POST",
      "/api/integrations/linear/issues",
      { title: `New ${mark}`, teamId: "team-eng", labels: [`label ${mark}`] },
      pick % 2 === 0 ? { "idempotency-key": "the-same" } : {}
    ),
  sentryIssues: simply("GET", () => "/api/observability/sentry"),
  addRoute: simply("POST", () => "/api/channel-routes", ({ pick, place: [channel, channelId] }) => ({
    eventType: pick % 2 === 0 ? "*" : "deploy.*",
    channel,
    channelId
  })),
  listRoutes: simply("GET", () => "/api/channel-routes"),
  changeRoute: simply("PATCH", routeOf, ({ pick }) => ({ enabled: pick % 4 !== 0, projectId: "proj-001" })),
  removeRoute: simply("DELETE", routeOf),
  preview: simply("POST", () => "/api/channel-routes/preview", () => ({ eventType: "deploy.done" })),
  test: simply("POST", (choice) => `${routeOf(choice)}/test`),
  emit: simply("POST", () => "/api/events", ({ mark, pick }) => ({
    type: "deploy.done",
    title: `Deploy ${mark}`,
    body: `Text ${mark}`,
    url: `https://${mark}.test/`,
    projectId: "proj-001",
    ...(pick % 2 === 0 && { dedupKey: `same-${pick}` }),
    groupKey: "same-group"
  })),
  webhook: (world, choice) => deliver(world, choice, `?org=${world.orgOf(choice.mark)}`, choice.mark),
  /** Signed with another's secret, and for another: it is nobody's. */
  forged: (world, choice) =>
    choice.foreign === choice.mark
      ? Effect.void
      : Effect.map(
        Effect.all([
          deliver(world, choice, `?org=${world.orgOf(choice.mark)}`, choice.foreign),
          deliver(world, choice, `?org=${world.orgOf(choice.foreign)}`, choice.mark)
        ]),
        (answers) => assert.deepStrictEqual(answers.map(({ status }) => status), [401, 401])
      ),
  agents: listed("/api/agents", "agents"),
  inbox: onIds("agents", "agent-incident-zzzzzz", "GET", (id) => `/api/agents/${id}/incidents`),
  setEndpoint: onIds(
    "agents",
    "agent-incident-zzzzzz",
    "PUT",
    (id) => `/api/agents/${id}/endpoint`,
    ({ receiver }, { mark }) => ({ url: `${receiver}/${mark}`, secret: endpointSecretOf(mark) })
  ),
  removeEndpoint: onIds("agents", "agent-incident-zzzzzz", "DELETE", (id) => `/api/agents/${id}/endpoint`),
  deliveries: listed("/api/deliveries?limit=100", "deliveries"),
  delivery: onIds("deliveries", "dlv-unknown", "GET", (id) => `/api/deliveries/${id}`),
  retry: onIds("deliveries", "dlv-unknown", "POST", (id) => `/api/deliveries/${id}/retry`),
  retryAll: simply("POST", () => "/api/deliveries/retry", () => ({ status: "failed" })),
  failures: simply("GET", () => "/api/webhooks/failures"),
  pass: () => pass(1)
} satisfies Readonly<Record<string, Action>>

const names = Object.keys(actions)
const places: ReadonlyArray<Choice["place"]> = [
  ["slack", "C0ALERTS"],
  ["discord", "1200000000000000101"],
  ["telegram", "-1001234567890"],
  ["whatsapp", "5511987654321"]
]

/** One step of one organisation. */
export const Step = FastCheck.record({
  slot: FastCheck.nat(2),
  other: FastCheck.nat(2),
  pick: FastCheck.nat(7),
  vendor: FastCheck.constantFrom(...vendors),
  place: FastCheck.constantFrom(...places),
  what: FastCheck.constantFrom(...names)
})
export type Step = typeof Step extends FastCheck.Arbitrary<infer A> ? A : never

const byName = new Map<string, Action>(Object.entries(actions))

export const act = (world: World, { other, slot, what, ...choice }: Step) =>
  byName.get(what)?.(world, { ...choice, mark: markAt(slot), foreign: markAt(other) }) ?? Effect.void

/** Every vendor configured, a route to every channel, an incident, an agent that takes pushes, an event. */
export const begin = (world: World, mark: Mark) =>
  Effect.gen(function*() {
    const choice = { mark, foreign: mark, pick: 0 }
    for (const vendor of vendors) {
      yield* world.ask(mark)("POST", "/api/integrations/configure", configs(tokensOf(mark))[vendor])
    }
    for (const place of places) yield* actions.addRoute(world, { ...choice, vendor: "slack", place })
    const first = { ...choice, vendor: "sentry", place: places[0] ?? ["slack", "C0ALERTS"] } as const
    for (const action of [actions.webhook, actions.agents, actions.setEndpoint]) yield* action(world, first)
    for (const action of [actions.webhook, actions.emit, actions.deliveries]) {
      yield* action(world, { ...first, pick: 6 })
    }
  })
