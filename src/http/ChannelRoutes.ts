import { HttpApiBuilder } from "@effect/platform"
import { Array, DateTime, Effect, Either, Option, Schema } from "effect"
import { Routing } from "../alerts/Routing.ts"
import { TestFire } from "../alerts/TestFire.ts"
import { Api } from "../api/Api.ts"
import type { Route } from "../api/ChannelRoutes.ts"
import { CurrentOrg } from "../api/Org.ts"
import { Channel } from "../channels/registry.ts"
import { type Miss, routeId, routeNumber } from "../domain/ChannelRoute.ts"
import { RouteNotFound } from "../domain/Errors.ts"
import { ChannelRoutesRepo, type ListedRoute } from "../persistence/ChannelRoutesRepo.ts"
import { afterCommit } from "../persistence/transaction.ts"
import { idempotently } from "../services/idempotently.ts"
import { shownDelivery } from "./Deliveries.ts"

const isChannel = Schema.is(Channel)

/** Rows outlive channels: one of a channel that is no more is not shown. */
const shown = ({ channel, channelId, enabled, eventType, number, projectId }: ListedRoute): Option.Option<Route> =>
  isChannel(channel)
    ? Option.some({ id: routeId(number), eventType, channel, channelId, projectId, enabled })
    : Option.none()

const numberOf = (id: string) =>
  Option.match(Option.fromNullable(routeNumber(id)), {
    onNone: () => Effect.fail(new RouteNotFound()),
    onSome: Effect.succeed
  })

const previewed = ({ miss, route }: { readonly route: ListedRoute; readonly miss: Miss | null }) =>
  Option.toArray(shown(route)).map(({ channel, channelId, eventType, id, projectId }) =>
    miss === null
      ? Either.right({ id, eventType, channel, channelId, projectId })
      : Either.left({ id, eventType, reason: miss })
  )

export const ChannelRoutesHttp = HttpApiBuilder.group(Api, "channelRoutes", (handlers) =>
  Effect.gen(function*() {
    const repo = yield* ChannelRoutesRepo
    const routing = yield* Routing
    const testFire = yield* TestFire
    return yield* idempotently(
      handlers
        .handle("list", () =>
          Effect.gen(function*() {
            const rows = yield* repo.list(yield* CurrentOrg)
            return { routes: rows.flatMap((row) => Option.toArray(shown(row))) }
          }))
        .handle("create", ({ payload }) =>
          Effect.gen(function*() {
            const { channel, channelId, eventType, projectId = null } = payload
            const org = yield* CurrentOrg
            const createdAt = yield* DateTime.now
            const row = yield* repo.add(org, { eventType, channel, channelId, projectId, enabled: true }, createdAt)
            yield* afterCommit(routing.changed(org))
            return { id: routeId(row.number), eventType, channel, channelId, projectId, enabled: true, createdAt }
          }), { uninterruptible: true })
        .handle("change", ({ path, payload }) =>
          Effect.gen(function*() {
            const org = yield* CurrentOrg
            const changed = yield* repo.change(org, yield* numberOf(path.id), payload)
            yield* routing.changed(org)
            return yield* Effect.mapError(Option.flatMap(changed, shown), () => new RouteNotFound())
          }), { uninterruptible: true })
        .handle("remove", ({ path }) =>
          Effect.gen(function*() {
            const org = yield* CurrentOrg
            if (!(yield* repo.remove(org, yield* numberOf(path.id)))) return yield* new RouteNotFound()
            yield* routing.changed(org)
            return { id: path.id, deleted: true as const }
          }), { uninterruptible: true })
        .handle("preview", ({ payload: { eventType, projectId = null } }) =>
          Effect.gen(function*() {
            const explained = yield* routing.explain(yield* CurrentOrg, { type: eventType, projectId })
            const [misses, matches] = Array.separate(explained.flatMap(previewed))
            return { matches, misses }
          }))
        .handle("test", ({ path }) =>
          Effect.gen(function*() {
            const org = yield* CurrentOrg
            return shownDelivery(yield* testFire.fire(org, yield* numberOf(path.id)))
          }))
    )
  }))
