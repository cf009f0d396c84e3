import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { AgentId, EndpointSecret, EndpointUrl, InboxCursor, Incident } from "../domain/Agent.ts"
import { strictly } from "../domain/Integration.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { Authentication, RequiredScope } from "./Caller.ts"
import { documented } from "./documented.ts"
import * as Errors from "./errors.ts"
import { JsonBody, OrgAccess } from "./Org.ts"
import { Limit, query } from "./queries.ts"
import { RateLimit } from "./RateLimit.ts"

/** An incident agent as lists show it. */
export const Agent = Schema.Struct({
  id: AgentId,
  projectId: Schema.String.annotations({
    description: "Whose incidents it gets; `default` for those without a project"
  }),
  endpoint: Schema.NullOr(Schema.String).annotations({ description: "Where its incidents are pushed as well" }),
  createdAt: Timestamp
}).annotations({ identifier: "Agent", description: "Looks at the incidents of one project" })
export type Agent = typeof Agent.Type

export const Endpoint = Schema.Struct({ url: EndpointUrl, secret: EndpointSecret })
  .annotations({ identifier: "AgentEndpoint", description: "Where to push incidents", parseOptions: strictly })

const id = HttpApiSchema.param("id", AgentId)

const Wait = Schema.optionalWith(
  Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 30)).annotations({
    message: () => ({ message: "expected an integer from 0 to 30", override: true }),
    jsonSchema: {
      type: "integer",
      minimum: 0,
      maximum: 30,
      default: 0,
      description: "How many seconds to wait for an incident if there is none"
    }
  }),
  { default: () => 0 }
)

const agent = {
  id: "agent-incident-xyz789",
  projectId: "proj-001",
  endpoint: "https://agents.acme.test/incidents",
  createdAt: "2026-03-21T14:00:00Z"
}

export class AgentsGroup extends HttpApiGroup.make("agents")
  .add(
    HttpApiEndpoint.get("list", "/api/agents")
      .addSuccess(Schema.Struct({ agents: Schema.Array(Agent) }))
      .annotateContext(documented({
        summary: "List Agents",
        description:
          "The organisation's incident agents, the oldest first. A project has one from its first incident on.",
        response: { agents: [agent, { ...agent, id: "agent-incident-abc123", projectId: "default", endpoint: null }] }
      }))
  )
  .add(
    HttpApiEndpoint.get("incidents")`/api/agents/${id}/incidents`
      .setUrlParams(query({
        after: Schema.optional(InboxCursor),
        limit: Limit,
        wait: Wait
      }))
      .addSuccess(Schema.Struct({ incidents: Schema.Array(Incident), next: Schema.NullOr(InboxCursor) }))
      .addError(Errors.RequestInvalid)
      .addError(Errors.AgentNotFound)
      .annotateContext(documented({
        summary: "Read Inbox",
        description:
          "The agent's incidents after a cursor, the oldest first; fewer than `limit` where they are large. " +
          "`next` is the `after` of the next call. With `wait` the answer comes as soon as there is an incident.",
        response: {
          incidents: [{
            id: "inc-xyz789-42",
            eventId: "evt-0195b8f0-7c1e-7d2a-9f00-1b2c3d4e5f60",
            eventType: "sentry.issue.created",
            projectId: "proj-001",
            severity: "error",
            title: "TypeError: Cannot read property 'id' of undefined",
            url: "https://sentry.io/organizations/acme/issues/4812345/",
            occurredAt: "2026-03-21T14:01:00Z",
            payload: { issue: { id: "4812345", title: "TypeError: Cannot read property 'id' of undefined" } }
          }],
          next: "42"
        }
      }))
  )
  .add(
    HttpApiEndpoint.put("setEndpoint")`/api/agents/${id}/endpoint`
      .setPayload(Endpoint)
      .addSuccess(Agent)
      .addError(Errors.RequestInvalid)
      .addError(Errors.AgentNotFound)
      .middleware(JsonBody)
      .annotate(RequiredScope, "admin")
      .annotateContext(documented({
        summary: "Set Endpoint",
        description: "Has each further incident pushed as well, signed as Standard Webhooks says. An endpoint that " +
          "answers 410 is removed.",
        request: { url: agent.endpoint, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
        response: agent
      }))
  )
  .add(
    HttpApiEndpoint.del("removeEndpoint")`/api/agents/${id}/endpoint`
      .addSuccess(Agent)
      .addError(Errors.AgentNotFound)
      .annotate(RequiredScope, "admin")
      .annotateContext(documented({
        summary: "Remove Endpoint",
        description: "Ends the pushes; the inbox goes on.",
        response: { ...agent, endpoint: null }
      }))
  )
  .middlewareEndpoints(RateLimit)
  .middlewareEndpoints(Authentication)
  .middlewareEndpoints(OrgAccess)
  .annotate(OpenApi.Title, "Incident Agents")
  .annotate(OpenApi.Description, "Which agent looks at which project's incidents, and how it gets them.")
{}
