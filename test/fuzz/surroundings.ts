import { Effect } from "effect"
import { sandboxCredentials, sandboxWebhookSecrets } from "../../src/sandbox/seed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { at, makeAsk } from "../http/ask.ts"
import { listOf, operationsOf } from "./document.ts"
import type { Surroundings } from "./requests.ts"

const orgs = ["org-fuzz-a", "org-fuzz-b", "org-fuzz-c"]

/** Organisations with everything configured, and something of each kind that has an id. */
export const prepared = (url: string, entitlement: Surroundings["entitlement"] = []) =>
  Effect.gen(function*() {
    const ask = makeAsk(url)
    const document = (yield* ask("GET", "/openapi.json")).json
    const as = (org: string) => (method: string, path: string, body?: unknown, headers = {}) =>
      ask(method, path, { body, headers: { ...Object.fromEntries(entitlement), "x-org-id": org, ...headers } })
    const ids = yield* Effect.forEach(orgs, (org) =>
      Effect.gen(function*() {
        const me = as(org)
        for (const body of sandboxCredentials) yield* me("POST", "/api/integrations/configure", body)
        for (const [channel, channelId] of [["slack", "C0ALERTS"], ["whatsapp", "5511987654321"]]) {
          yield* me("POST", "/api/channel-routes", { eventType: "sentry.*", channel, channelId })
        }
        const body = JSON.stringify({
          action: "created",
          data: { issue: { id: "1", title: "t", project: { slug: "proj-001" } } }
        })
        const signature = signatureHeaders.sentry(sandboxWebhookSecrets.sentry, body)
        yield* me("POST", `/api/webhooks/sentry?org=${org}`, body, signature)
        const lists = yield* Effect.forEach(["agents", "deliveries"], (what) =>
          Effect.map(
            me("GET", `/api/${what}`),
            ({ json }) => listOf(at(json, what)).flatMap((one) => [String(at(one, "id")), String(at(one, "eventId"))])
          ))
        return lists.flat()
      }))
    const around: Surroundings = {
      document,
      orgs,
      ids: [
        "route-001",
        "route-002",
        "pagerduty",
        "slack",
        "P1INC001",
        ...ids.flat().filter((id) => id !== "undefined")
      ],
      webhookSecrets: sandboxWebhookSecrets,
      entitlement
    }
    return { around, operations: operationsOf(document) }
  })
