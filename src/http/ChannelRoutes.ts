import { HttpApiBuilder } from "@effect/platform"
import { DateTime, Effect, Option, Schema } from "effect"
import { Api } from "../api/Api.ts"
import type { Route } from "../api/ChannelRoutes.ts"
import { CurrentOrg } from "../api/Org.ts"
import { Channel } from "../channels/registry.ts"
import { routeId, routeNumber } from "../domain/ChannelRoute.ts"
import { RouteNotFound } from "../domain/Errors.ts"
import { type ChannelRouteRow, ChannelRoutesRepo } from "../persistence/ChannelRoutesRepo.ts"

const isChannel = Schema.is(Channel)

/** Rows outlive channels: one of a channel that is no more is not shown. */
const shown = ({ channel, channelId, enabled, eventType, number, projectId }: ChannelRouteRow): Option.Option<Route> =>
  isChannel(channel)
    ? Option.some({ id: routeId(number), eventType, channel, channelId, projectId, enabled })
    : Option.none()

const numberOf = (id: string) =>
  Option.match(Option.fromNullable(routeNumber(id)), {
    onNone: () => Effect.fail(new RouteNotFound()),
    onSome: Effect.succeed
  })

export const ChannelRoutesHttp = HttpApiBuilder.group(Api, "channelRoutes", (handlers) =>
  Effect.gen(function*() {
    const repo = yield* ChannelRoutesRepo
    return handlers
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
          return { id: routeId(row.number), eventType, channel, channelId, projectId, enabled: true, createdAt }
        }), { uninterruptible: true })
      .handle("change", ({ path, payload }) =>
        Effect.gen(function*() {
          const org = yield* CurrentOrg
          const changed = yield* repo.change(org, yield* numberOf(path.id), payload)
          return yield* Effect.mapError(Option.flatMap(changed, shown), () => new RouteNotFound())
        }), { uninterruptible: true })
      .handle("remove", ({ path }) =>
        Effect.gen(function*() {
          const org = yield* CurrentOrg
          if (!(yield* repo.remove(org, yield* numberOf(path.id)))) return yield* new RouteNotFound()
          return { id: path.id, deleted: true as const }
        }), { uninterruptible: true })
  }))
