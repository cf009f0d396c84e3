import { FetchHttpClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect } from "effect"
import { makeClient } from "../client.ts"
import { sandboxCredentials, sandboxOrg } from "./seed.ts"

/** Configured as in the document: Slack is not. */
const configured = new Set(["pagerduty", "linear", "sentry"])

const channel = "slack" as const
const routes = [
  { eventType: "incident.*", channel, channelId: "C0ALERTS", projectId: "proj-001" },
  { eventType: "deploy.*", channel, channelId: "C0DEPLOY", projectId: "proj-001" }
]

/** Brings the organisation of the document to the state that its examples start from, through the API itself. */
export const seed = Effect.fn("sandbox.seed")(function*(baseUrl: string) {
  const http = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
  for (const credentials of sandboxCredentials.filter(({ integration }) => configured.has(integration))) {
    yield* HttpClientRequest.post(`${baseUrl}/api/integrations/configure?verify=true`).pipe(
      HttpClientRequest.setHeader("x-org-id", sandboxOrg),
      HttpClientRequest.bodyJson(credentials),
      Effect.flatMap(http.execute)
    )
  }
  const client = yield* makeClient({ baseUrl, orgId: sandboxOrg })
  for (const payload of routes) yield* client.channelRoutes.create({ payload })
  yield* client.pagerduty.oncall()
  yield* client.linear.teams()
  yield* client.sentry.issues({ urlParams: { query: "is:unresolved", limit: 25 } })
}, Effect.provide(FetchHttpClient.layer))
