import { HttpApiBuilder } from "@effect/platform"
import { Duration, Effect, Option } from "effect"
import { Inbox } from "../alerts/Inbox.ts"
import type { Agent } from "../api/Agents.ts"
import { Api } from "../api/Api.ts"
import { CurrentOrg } from "../api/Org.ts"
import { isAgentId } from "../domain/Agent.ts"
import { AgentNotFound } from "../domain/Errors.ts"
import { type AgentRow, AgentsRepo } from "../persistence/AgentsRepo.ts"
import { TenantUrls } from "../services/TenantUrls.ts"
import { endpointOwner, Vault } from "../services/Vault.ts"

const shown = ({ createdAt, endpointUrl, id, projectId }: AgentRow): Agent => ({
  id,
  projectId,
  endpoint: endpointUrl,
  createdAt
})

/** Ids that no agent can have are not looked for. */
const possible = (id: string) => isAgentId(id) ? Effect.succeed(id) : Effect.fail(new AgentNotFound())

const found = (row: Option.Option<AgentRow>) => Effect.mapError(Option.map(row, shown), () => new AgentNotFound())

export const AgentsHttp = HttpApiBuilder.group(Api, "agents", (handlers) =>
  Effect.gen(function*() {
    const repo = yield* AgentsRepo
    const inbox = yield* Inbox
    const vault = yield* Vault
    const urls = yield* TenantUrls
    return handlers
      .handle("list", () =>
        Effect.gen(function*() {
          const rows = yield* repo.list(yield* CurrentOrg)
          return { agents: rows.map(shown) }
        }))
      .handle("incidents", ({ path, urlParams: { after, limit, wait } }) =>
        Effect.gen(function*() {
          const id = yield* possible(path.id)
          return yield* inbox.read(yield* CurrentOrg, id, {
            after: after ?? null,
            limit,
            wait: Duration.seconds(wait)
          })
        }))
      .handle("setEndpoint", ({ path, payload: { secret, url } }) =>
        Effect.gen(function*() {
          const org = yield* CurrentOrg
          const id = yield* possible(path.id)
          yield* urls.check("url", url)
          const sealed = yield* vault.seal(endpointOwner(org, id), secret)
          return yield* found(yield* repo.setEndpoint(org, id, { url, ...sealed }))
        }), { uninterruptible: true })
      .handle("removeEndpoint", ({ path }) =>
        Effect.gen(function*() {
          const org = yield* CurrentOrg
          return yield* found(yield* repo.removeEndpoint(org, yield* possible(path.id)))
        }), { uninterruptible: true })
  }))
