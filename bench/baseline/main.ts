import fastify, { type FastifyRequest } from "fastify"
import { makeOpen } from "./credentials.ts"
import { makeDrain } from "./drain.ts"
import { makeEvents } from "./events.ts"
import { sentryEvent, signed } from "./sentryWebhook.ts"
import { openStore } from "./store.ts"
import { type Config, makeVendors } from "./vendors.ts"

/*
 * The same service as one would write it by hand and in a hurry: the same answers, tables and durability, and every
 * fast choice (prepared statements, configs decrypted once, routes in memory). Left out: validation of requests and
 * answers, deadlines and retries, shared reads, documented errors, webhooks without `?org=`, folding, Retry-After,
 * dead letters, limits, authentication, logs and traces.
 */

const variable = (name: string): string => process.env[name] ?? ""

const store = openStore(variable("DATABASE_URL").slice("file:".length))
const open = makeOpen(variable("ENCRYPTION_KEYS"))
const vendors = makeVendors({
  pagerduty: variable("PAGERDUTY_API_URL"),
  linear: variable("LINEAR_API_URL"),
  sentry: variable("SENTRY_API_URL")
})
const drain = makeDrain(store, open, { slack: variable("SLACK_API_URL"), whatsapp: variable("WHATSAPP_API_URL") })
const events = makeEvents(store, drain.wake)

/** As the service does: written behind, every five seconds. */
const syncs = new Map<string, { readonly org: string; readonly integration: string; readonly at: string }>()
const writeSyncs = store.db.transaction(() => {
  for (const { at, integration, org } of syncs.values()) store.setLastSync.run(at, org, integration)
  syncs.clear()
})
setInterval(() => syncs.size > 0 && writeSyncs.immediate(), 5000)

const orgOf = (request: FastifyRequest): string => String(request.headers["x-org-id"])

const using = async <A>(org: string, integration: string, use: (config: Config) => Promise<A>): Promise<A> => {
  const row = store.integration.get(org, integration)
  if (row === undefined) throw new Error("not configured")
  const value = await use(open(row))
  syncs.set(`${integration} ${org}`, { org, integration, at: new Date().toISOString() })
  return value
}

const app = fastify()

app.get("/health/ready", () => ({ status: "ok" }))

const whole = (time: string | null | undefined) => time?.replace(/\.\d+/, "") ?? null

app.get("/api/integrations/status", (request) => {
  const org = orgOf(request)
  const rows = new Map(store.integrations.all(org).map((row) => [row.integration, row]))
  return {
    integrations: ["pagerduty", "linear", "sentry", "slack"].map((name) => {
      const row = rows.get(name)
      const status = row === undefined ? "inactive" : row.refused_at === null ? "active" : "error"
      const lastSync = whole(syncs.get(`${name} ${org}`)?.at ?? row?.last_sync)
      return { id: name, configured: row !== undefined, status, lastSync }
    })
  }
})

app.get("/api/channel-routes", (request) => ({
  routes: store.routes.all(orgOf(request)).map((row) => ({
    id: `route-${String(row.number).padStart(3, "0")}`,
    eventType: row.event_type,
    channel: row.channel,
    channelId: row.channel_id,
    projectId: row.project_id,
    enabled: row.enabled === 1
  }))
}))

app.get("/api/integrations/pagerduty/incidents", (request) => using(orgOf(request), "pagerduty", vendors.incidents))
app.get("/api/integrations/linear/issues", (request) => using(orgOf(request), "linear", vendors.linearIssues))
app.get("/api/observability/sentry", (request) => using(orgOf(request), "sentry", vendors.sentryIssues))

app.post<{ Params: { id: string }; Body: { acknowledgedBy: string } }>(
  "/api/integrations/pagerduty/incidents/:id/acknowledge",
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers
  async (request) => {
    const org = orgOf(request)
    const by = request.body.acknowledgedBy
    const { acknowledgedAt, incident } = await using(
      org,
      "pagerduty",
      (config) => vendors.acknowledge(config, request.params.id, by)
    )
    const answer = { id: incident.id, status: incident.status, acknowledgedAt }
    events.accept(org, {
      source: "pagerduty",
      type: "incident.acknowledged",
      dedupKey: `incident.acknowledged:${incident.id}:${acknowledgedAt}`,
      projectId: incident.service.name,
      title: incident.title,
      text: `Acknowledged by ${by}`,
      url: null,
      severity: "critical",
      state: "acknowledged",
      groupKey: `pagerduty:incident:${incident.id}`,
      body: JSON.stringify(answer),
      dataPath: "",
      occurredAt: acknowledgedAt,
      forAgent: false
    })
    return answer
  }
)

void app.register((webhooks, _options, done) => {
  webhooks.removeAllContentTypeParsers()
  webhooks.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, parsed) => {
    parsed(null, body)
  })
  webhooks.post<{ Querystring: { org: string }; Body: Buffer }>("/api/webhooks/sentry", (request, reply) => {
    const { body, headers, query: { org } } = request
    const row = store.integration.get(org, "sentry")
    const secret = row === undefined ? undefined : open(row)["webhookSecret"]
    if (secret === undefined || !signed(secret, body, String(headers["sentry-hook-signature"]))) {
      void reply.code(401)
      return { error: "Invalid signature" }
    }
    const agentId = events.accept(org, sentryEvent(body))
    return { received: true, routed: agentId !== null, agentId }
  })
  done()
})

process.on("SIGTERM", () => {
  void app.close().then(() => {
    store.db.close()
    process.exit()
  })
})

void app.listen({ host: "127.0.0.1", port: Number(variable("PORT")) }).then(drain.start)
