import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Logger, LogLevel, Redacted, Schedule, Schema } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { OrgId } from "../../src/domain/Ids.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { Vault } from "../../src/services/Vault.ts"
import { receiver } from "../alerts/receiver.ts"
import { temporary } from "../fakes/Storage.ts"
import { type Answer, at, type Sent } from "../http/ask.ts"
import { newOrg, Service } from "../http/service.ts"
import { canary, configured, found } from "./canaries.ts"
import { front } from "./front.ts"
import { onDisk } from "./onDisk.ts"
import { recording } from "./recording.ts"
import { accounts, configs, type Credentials, vendors } from "./tenants.ts"
import { oddPlaces, twists } from "./twists.ts"

const reads = [
  "/api/integrations/pagerduty/oncall",
  "/api/integrations/pagerduty/incidents",
  "/api/integrations/linear/teams",
  "/api/integrations/linear/issues?team=ENG",
  "/api/observability/sentry?project=api-gateway"
]
const writes = [
  ["/api/integrations/pagerduty/incidents/P1INC001/acknowledge", { acknowledgedBy: "Ana" }],
  ["/api/integrations/linear/issues", { title: "t", teamId: "team-eng", labels: ["new"] }]
] as const
const places = [
  ["slack", "C0ALERTS"],
  ["discord", "1200000000000000101"],
  ["telegram", "-1001234567890"],
  ["whatsapp", "5511987654321"]
] as const

/** Keeps all that a log line can become. */
const keeping = (lines: Array<string>) =>
  Layer.merge(
    Logger.replace(
      Logger.defaultLogger,
      Logger.make((line) => {
        lines.push(
          Logger.jsonLogger.log(line),
          Logger.logfmtLogger.log(line),
          Cause.pretty(line.cause, { renderErrorCause: true }),
          inspect([line.message, line.cause, [...line.annotations]], { depth: 12 })
        )
      })
    ),
    Logger.minimumLogLevel(LogLevel.All)
  )

const ids = (json: unknown, list: string): ReadonlyArray<string> =>
  Object.values(Object(at(json, list))).map((one) => String(at(one, "id")))

describe("secrets", () => {
  it.scopedLive("stand in no log, span, answer or file, whatever happens", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const filename = join(directory, "integrations.db")
      const lines: Array<string> = []
      const answers: Array<string> = []
      const { spans, tracer } = recording()

      const tokens: Credentials = {
        pagerduty: canary("u+"),
        linear: canary("lin_api_"),
        sentry: canary("sntrys_"),
        slack: canary("xoxb-"),
        discord: canary(),
        telegram: canary("123456:"),
        whatsapp: canary("EAA"),
        webhookSecret: "",
        webhookSecretPrevious: ""
      }
      const planted: Record<string, string> = {}
      const bodies = vendors.map((vendor) => {
        const { config, integration } = configs(tokens)[vendor]
        const secrets = Object.fromEntries(
          configured.filter((name) => name.startsWith(`${vendor}.`)).map((name) => {
            const field = name.slice(vendor.length + 1)
            const value = config[field] === undefined || config[field] === "" ? canary() : String(config[field])
            return [field, value]
          })
        )
        for (const [field, value] of Object.entries(secrets)) planted[`${vendor}.${field}`] = value
        return { integration, config: { ...config, ...secrets } }
      })
      assert.sameMembers(Object.keys(planted), [...configured])
      assert.isAbove(configured.length, 12)

      // What the vault holds besides, what callers send of themselves, and what does not get as far as being taken.
      const pushed = canary()
      const endpointSecret = `whsec_${Buffer.from(pushed).toString("base64")}`
      const callers = {
        bearer: canary(),
        cookie: canary(),
        basic: canary(),
        key: canary(),
        old: canary(),
        mistaken: canary()
      }
      const headers = {
        authorization: `Bearer ${callers.bearer}`,
        cookie: `session=${encodeURIComponent(callers.cookie)}`,
        "proxy-authorization": `Basic ${btoa(callers.basic)}`,
        "x-api-key": callers.key,
        "x-auth-token": callers.old,
        "x-secret": callers.mistaken
      }
      const refused = canary()
      const key = Buffer.from(canary()).subarray(0, 32).toString("base64")
      const others = {
        ...callers,
        "the endpoint's secret": endpointSecret,
        "what the endpoint's secret stands for": pushed,
        "what was refused": refused,
        "the key": key
      }
      // Known to its own organisation, and stored as it is: no log and no span shows it.
      const address = canary().replaceAll(/[^A-Za-z0-9]/g, "")

      const org = yield* newOrg
      const tenant = { name: org, tokens, accounts: yield* accounts("acme", tokens) }
      const { calls, environment: vendorUrls, twist } = yield* front([tenant])
      const agent = yield* receiver(500)
      const gone = yield* receiver(410)
      const drive = Effect.gen(function*() {
        const service = yield* Service
        const ask = (orgId: string) => (method: string, path: string, sent: Sent = {}) =>
          service.ask(method, path, { ...sent, headers: { "x-org-id": orgId, ...headers, ...sent.headers } }).pipe(
            Effect.tap((answer: Answer) =>
              Effect.sync(() => void answers.push(`${method} ${path} ${answer.text} ${JSON.stringify(answer.headers)}`))
            )
          )
        const webhook = (orgId: string, vendor: "pagerduty" | "linear" | "sentry", secret: string, id: string) => {
          const body = JSON.stringify({
            action: "created",
            type: "Issue",
            data: { id, title: "t", issue: { id, title: "t", project: { slug: "proj" } } },
            event: { id, event_type: "incident.triggered", data: { id, title: "t", type: "incident" } },
            webhookTimestamp: Date.now()
          })
          return ask(orgId)("POST", `/api/webhooks/${vendor}?org=${orgId}`, {
            body,
            headers: signatureHeaders[vendor](secret, body)
          })
        }

        const begun = Effect.fnUntraced(function*(orgId: string, search: string) {
          yield* Effect.all([
            ...Array.from(bodies, (body) => ask(orgId)("POST", `/api/integrations/configure${search}`, { body })),
            ...places.map(([channel, channelId]) =>
              ask(orgId)("POST", "/api/channel-routes", { body: { eventType: "*", channel, channelId } })
            )
          ], { concurrency: 8 })
        })

        for (const [what, how] of Object.entries(twists)) {
          const orgId = yield* newOrg
          const acme = ask(orgId)
          twist.current = oddPlaces
          yield* begun(orgId, "")
          twist.current = how
          const before = calls.length
          yield* Effect.all([
            acme("POST", "/api/events", { body: { type: "deploy.done", title: "t", dedupKey: "k", groupKey: "g" } }),
            acme("POST", "/api/channel-routes/route-001/test"),
            webhook(orgId, "sentry", planted["sentry.webhookSecret"] ?? "", what),
            webhook(orgId, "linear", planted["linear.webhookSecretPrevious"] ?? "", what),
            webhook(orgId, "pagerduty", "another secret", what)
          ], { concurrency: 8 })
          // Every channel is tried, before other calls find out that it is down and the next fault comes.
          yield* acme("GET", "/api/deliveries?status=failed,dead,delivered,pending&limit=100").pipe(
            Effect.repeat({
              schedule: Schedule.spaced("20 millis"),
              until: ({ json }) =>
                Object.values(Object(at(json, "deliveries"))).every((one) => at(one, "status") !== "delivering") &&
                places.every(([channel]) =>
                  calls.slice(before).some(({ url, vendor }) => vendor === channel && /send|messages|post/i.test(url))
                )
            })
          )
          yield* Effect.all([
            ...Array.from(bodies, (body) => acme("POST", "/api/integrations/configure?verify=true", { body })),
            ...reads.map((path) => acme("GET", path)),
            ...writes.map(([path, body]) => acme("POST", path, { body }))
          ], { concurrency: 8 })
          const { json } = yield* acme("GET", "/api/deliveries?limit=100")
          yield* Effect.forEach(
            [
              ...ids(json, "deliveries").map((id) => `deliveries/${id}`),
              ...vendors.map((one) => `integrations/${one}`),
              "integrations/status",
              "webhooks/failures",
              "channel-routes"
            ],
            (path) => acme("GET", `/api/${path}`),
            { concurrency: 8 }
          )
        }
        twist.current = oddPlaces

        const acme = ask(org)
        yield* begun(org, "?verify=true")
        yield* webhook(org, "sentry", planted["sentry.webhookSecret"] ?? "", "1")
        const [agentId = ""] = ids((yield* acme("GET", "/api/agents")).json, "agents")
        for (const [index, { origin, received }] of [agent, gone].entries()) {
          const url = `${origin}/${address}`
          yield* acme("PUT", `/api/agents/${agentId}/endpoint`, { body: { url, secret: endpointSecret } })
          yield* webhook(org, "sentry", planted["sentry.webhookSecret"] ?? "", `pushed ${index}`)
          yield* Effect.repeat(acme("GET", "/api/deliveries"), { until: () => received.length > 0 })
        }
        yield* acme("GET", `/api/agents/${agentId}/incidents`)

        // What does not decode.
        for (
          const body of [
            `{"integration":"pagerduty","config":{"apiKey":"${refused}`,
            { integration: "pagerduty", config: { apiKey: [refused] } },
            { integration: "pagerduty", config: { apiKey: `${refused} with a space` } },
            { integration: "pagerduty", config: { apikey: refused } },
            { integration: "pagerduty", config: refused },
            { integration: refused, config: {} },
            { integration: "sentry", config: { authToken: refused, organization: "" } },
            {
              integration: "sentry",
              config: { authToken: "t", organization: "acme", baseUrl: `https://u:${refused}@x` }
            },
            { integration: "sentry", config: { authToken: "t", organization: "acme", projects: refused } }
          ]
        ) yield* acme("POST", "/api/integrations/configure", { body })
        for (
          const body of [
            { url: "https://a.test", secret: refused },
            { url: `https://u:${encodeURIComponent(refused)}@a.test`, secret: endpointSecret },
            { url: refused, secret: [endpointSecret] }
          ]
        ) yield* acme("PUT", `/api/agents/${agentId}/endpoint`, { body })
        yield* acme("POST", "/api/events", { body: { type: refused, title: 1, severity: refused } })
        yield* ask("not an org")("GET", "/api/integrations/status")
        for (
          const path of ["/openapi.json", "/docs", "/health", "/health/ready", "/metrics", "/api/audit", "/nope"]
        ) yield* acme("GET", path)

        // What the database does not take, and what it holds but cannot be read.
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TRIGGER broken BEFORE UPDATE ON integrations BEGIN SELECT RAISE(ABORT, 'broken'); END`
        const defects = [yield* acme("POST", "/api/integrations/configure", { body: bodies[0] })]
        yield* sql`DROP TRIGGER broken`
        const vault = yield* Vault
        /** A new organisation, whose row no cache has yet. */
        const withRow = (change: (orgId: OrgId) => Effect.Effect<Record<string, string>>) =>
          Effect.gen(function*() {
            const orgId = yield* Schema.decode(OrgId)(yield* newOrg)
            yield* ask(orgId)("POST", "/api/integrations/configure", { body: bodies[0] })
            yield* sql`UPDATE integrations SET ${sql.update(yield* change(orgId))} WHERE org_id = ${orgId}`
            yield* webhook(orgId, "pagerduty", planted["pagerduty.webhookSecret"] ?? "", "1")
            for (const path of [reads[0] ?? "", "/api/integrations/pagerduty"]) {
              defects.push(yield* ask(orgId)("GET", path))
            }
          })
        const contents = [
          `{"apiKey":"${refused} with a space"}`,
          `{"apiKey":["${refused}"]}`,
          `{"apiKey":"k","region":"${refused}"}`,
          `"${refused}"`,
          `["${refused}"]`,
          `{"apiKey":"${refused}`
        ].map((content) => content.replaceAll(refused, JSON.stringify(refused).slice(1, -1)))
        for (const content of [...contents, refused]) {
          yield* withRow((orgId) =>
            Effect.map(
              vault.seal({ orgId, integration: "pagerduty" }, Redacted.make(content)),
              (sealed) => ({ ...sealed })
            )
          )
        }
        yield* withRow(() => Effect.succeed({ keyId: "k9" }))
        yield* withRow(() => Effect.succeed({ sealed: btoa("x".repeat(100)) }))
        assert.deepStrictEqual(new Set(defects.map(({ status }) => status)), new Set([500]))
        return bytesIn(directory)
      })

      /** All files of the service, but for the key. */
      const bytesIn = (where: string): string =>
        readdirSync(where).filter((name) => !name.endsWith(".key"))
          .map((name) => readFileSync(join(where, name)).toString("latin1")).join("\n")

      const running = yield* drive.pipe(
        Effect.provide(
          onDisk(filename, {
            ...vendorUrls,
            UPSTREAM_TIMEOUT: "300 millis",
            OUTBOUND_ALLOW: "http://127.0.0.1",
            ENCRYPTION_KEYS: `k1:${key}`
          }, keeping(lines))
        ),
        Effect.withTracer(tracer)
      )
      // The search finds what is there: the vendors saw every token, and nothing above was for nothing.
      const heard = calls.map(({ body, headers, url }) => `${decodeURIComponent(url)} ${headers.join(" ")} ${body}`)
      const tokenNames = Object.keys(planted).filter((name) => !name.includes("webhookSecret"))
      assert.sameMembers([...found(planted, heard.join("\n"))], tokenNames)
      assert.isAbove(lines.length, 100)
      assert.isAbove(spans.length, 1000)
      assert.isAbove(answers.length, 500)
      assert.include(running, "SQLite format 3")

      const secrets = { ...planted, ...others }
      const traces = spans.map(({ attributes, name, told }) =>
        `${name} ${JSON.stringify([...attributes])} ${told.join(" ")}`
      )
      const where = (texts: ReadonlyArray<string>, these: Readonly<Record<string, string>>) =>
        texts.flatMap((one) => found(these, one).map((name) => `${name}: ${one.slice(0, 2000)}`)).slice(0, 5)
      assert.deepStrictEqual(where(lines, { ...secrets, address }), [], "logs")
      assert.deepStrictEqual(where(traces, { ...secrets, address }), [], "spans")
      assert.deepStrictEqual(where(answers, secrets), [], "answers")
      assert.deepStrictEqual(found(secrets, running), [], "files of the running service")
      assert.deepStrictEqual(found(secrets, bytesIn(directory)), [], "files that are left")
      const pages = /^GET \/(?:openapi\.json|docs) /
      for (const answer of answers.filter((one) => !pages.test(one))) {
        assert.notMatch(answer, /\n\s+at |node_modules|file:\/\/|\.ts:\d/, "no stack traces")
        // An endpoint of an agent's own is shown to its organisation as it was given.
        const foreign = answer.replaceAll(new RegExp(`http://127\\.0\\.0\\.1:\\d+/${address}`, "g"), "")
        assert.notMatch(foreign, /127\.0\.0\.1:\d+|elsewhere\.test/, "no address of a call")
      }
    }), 300_000)
})
