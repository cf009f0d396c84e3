import { HttpClientRequest } from "@effect/platform"
import { DateTime, Duration, Effect, Option, Redacted, Schema } from "effect"
import { Webhook } from "standardwebhooks"
import { Incident, incident } from "../domain/Agent.ts"
import type { Sent } from "../domain/Alert.ts"
import { type Destination, lifetime } from "../domain/Delivery.ts"
import { UpstreamRejected } from "../domain/Errors.ts"
import { Timestamp } from "../domain/Timestamp.ts"
import { type AgentRow, AgentsRepo } from "../persistence/AgentsRepo.ts"
import { InboxRepo } from "../persistence/InboxRepo.ts"
import { endpointOwner, Vault } from "../services/Vault.ts"
import { type Dialect, retryAfterMs } from "../upstream/Dialect.ts"
import { Upstream } from "../upstream/Upstream.ts"
import type { Notification } from "./Notifier.ts"

const vendor = "Agent endpoint"

const gone = 410

/**
 * Source: Standard Webhooks, "Operational considerations": 2xx is success whatever the body, 410 ends the pushes, all
 * else is tried again, redirects and refusals too. An endpoint that asks for longer than a delivery lives is not believed.
 */
const dialect: Dialect = {
  vendor,
  refusal: (answer) => {
    const { status } = answer
    if (status >= 200 && status < 300) return undefined
    if (status === gone) return { kind: "missing", words: "The endpoint answered 410 Gone and was removed" }
    const asked = retryAfterMs(answer)
    return {
      kind: status === 429 ? "throttled" : "unavailable",
      retryAfterMs: asked === undefined ? undefined : Math.min(asked, Duration.toMillis(lifetime))
    }
  }
}

const Push = Schema.parseJson(Schema.Struct({ type: Schema.String, timestamp: Timestamp, data: Incident }))

const rejected = (details: string) => new UpstreamRejected({ vendor, details })

const hasEndpoint = (row: AgentRow) =>
  Option.all({
    url: Option.fromNullable(row.endpointUrl),
    keyId: Option.fromNullable(row.endpointKeyId),
    sealed: Option.fromNullable(row.endpointSealed)
  }).pipe(Option.map((endpoint) => ({ row, ...endpoint })))

/** Sends incidents to agents' own endpoints, signed as the Standard Webhooks specification says. */
export class AgentEndpoints extends Effect.Service<AgentEndpoints>()("alerts/AgentEndpoints", {
  effect: Effect.gen(function*() {
    const agents = yield* AgentsRepo
    const inbox = yield* InboxRepo
    const vault = yield* Vault
    const upstream = yield* Upstream

    /** Once: whether and when to try again is the caller's to decide. The message's id is the same at every attempt. */
    const push = Effect.fnUntraced(function*(
      { channelId: agentId, orgId }: Destination,
      { deliveryId, event }: Pick<Notification, "deliveryId" | "event">
    ) {
      const agent = yield* agents.find(orgId, agentId)
      const { row, url, ...sealed } = yield* Effect.mapError(
        Option.flatMap(agent, hasEndpoint),
        () => rejected("The agent has no endpoint any more")
      )
      const number = yield* Effect.mapError(
        yield* inbox.numberOf(orgId, agentId, event.id),
        () => rejected("The incident is not in the inbox any more")
      )
      // A secret that does not open is for an operator to mend: the log names key and org.
      const secret = yield* Effect.orDie(vault.open(endpointOwner(orgId, agentId), sealed))
      const data = incident(agentId, number, event)
      const body = yield* Effect.orDie(
        Schema.encode(Push)({ type: event.type, timestamp: event.occurredAt, data })
      )
      const now = yield* DateTime.now
      const request = HttpClientRequest.post(url).pipe(
        HttpClientRequest.setHeaders({
          "webhook-id": deliveryId,
          "webhook-timestamp": String(Math.floor(now.epochMillis / 1000)),
          "webhook-signature": new Webhook(Redacted.value(secret)).sign(deliveryId, DateTime.toDate(now), body)
        }),
        HttpClientRequest.bodyText(body, "application/json")
      )
      yield* upstream.call({
        dialect,
        operation: "push",
        request,
        response: Schema.Unknown,
        tenantUrl: true,
        retry: "never"
      }).pipe(
        Effect.tapError(({ kind }) => kind === "missing" ? agents.dropEndpoint(row) : Effect.void),
        upstream.operation(vendor)
      )
      return { pauseMs: 0 } satisfies Sent
    })

    return { push } as const
  })
}) {}
