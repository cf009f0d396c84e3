import { Effect, Layer, Option, Redacted } from "effect"
import { AgentEndpoints } from "../../src/alerts/AgentEndpoints.ts"
import { agentChannel, type Destination } from "../../src/domain/Delivery.ts"
import { AgentsRepo } from "../../src/persistence/AgentsRepo.ts"
import type { EventRow } from "../../src/persistence/EventsRepo.ts"
import { endpointOwner, Vault } from "../../src/services/Vault.ts"
import { acme, EphemeralVault } from "../fakes/Storage.ts"
import { type Answer, upstream } from "../fakes/Upstream.ts"
import { agent, arrive, Live } from "./inboxes.ts"

export const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`
export const url = "https://agents.acme.test/hooks/cAnArY-0123456789?key=cAnArY"
export const to: Destination = { orgId: acme, channel: agentChannel, channelId: "a" }

export const Stored = Layer.provideMerge(Live, EphemeralVault)

/** Endpoints that answer as the script says. */
export const scripted = (...script: ReadonlyArray<Answer>) =>
  AgentEndpoints.Default.pipe(Layer.provideMerge(upstream(script)), Layer.provideMerge(Stored))

export const setEndpoint = (endpoint: string, signedWith = secret) =>
  Effect.gen(function*() {
    const sealed = yield* (yield* Vault).seal(endpointOwner(acme, "a"), Redacted.make(signedWith))
    yield* (yield* AgentsRepo).setEndpoint(acme, "a", { url: endpoint, ...sealed })
  })

export const endpoint = Effect.map(
  Effect.flatMap(AgentsRepo, (repo) => repo.find(acme, "a")),
  (found) => Option.getOrThrow(found).endpointUrl
)

const body = "{\"data\":{\"issue\":{\"title\":\"Größe \\ud83d\\ude00\",\"deep\":[1.50,null,{}]}}}"

/** An agent that has an endpoint and one incident. */
export const given = Effect.gen(function*() {
  yield* agent("a")
  yield* setEndpoint(url)
  return yield* arrive("a", "e1", { body })
})

export const push = (event: EventRow, deliveryId = "dlv-1", destination = to) =>
  Effect.flatMap(AgentEndpoints, (endpoints) => endpoints.push(destination, { deliveryId, event }))
