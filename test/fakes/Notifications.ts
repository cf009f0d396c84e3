import { Clock, Context, Effect, Layer, Ref } from "effect"
import { Notifier, Paused } from "../../src/alerts/Notifier.ts"
import type { Alert, Sent } from "../../src/domain/Alert.ts"
import type { Destination } from "../../src/domain/Delivery.ts"
import type { UpstreamFailed, UpstreamRejected } from "../../src/domain/Errors.ts"
import { IntegrationsRepo } from "../../src/persistence/IntegrationsRepo.ts"

/** One message as a channel saw it. */
export interface Seen {
  readonly channelId: string
  readonly channel: string
  readonly orgId: string
  readonly title: string
  readonly folded: number
  readonly alert: Alert
  readonly deliveryId: string
  /** Epoch milliseconds of the test's clock. */
  readonly atMs: number
}

/** What a channel does with the n-th message to it, n from 0. */
export type Reaction = (seen: Seen, n: number) => Effect.Effect<Sent, UpstreamFailed | UpstreamRejected>

/** Channels that take everything, unless a test says otherwise. */
export class Notifications extends Context.Tag("test/Notifications")<Notifications, {
  /** What arrived, in order. */
  readonly arrived: Effect.Effect<ReadonlyArray<Seen>>
  /** What was sent, whether or not it arrived. */
  readonly sent: Effect.Effect<ReadonlyArray<Seen>>
  readonly react: (reaction: Reaction) => Effect.Effect<void>
  /** How many messages to one destination were under way at the same time, at most. */
  readonly mostAtOnce: Effect.Effect<number>
}>() {
  /** `paused` integrations are looked up in the database as in production; without it every channel is configured. */
  static readonly layer = (options: { readonly configured?: boolean } = {}) =>
    Layer.effectContext(
      Effect.gen(function*() {
        const integrations = yield* IntegrationsRepo
        const sent = yield* Ref.make<ReadonlyArray<Seen>>([])
        const arrived = yield* Ref.make<ReadonlyArray<Seen>>([])
        const reaction = yield* Ref.make<Reaction>(() => Effect.succeed({ pauseMs: 0 }))
        const underWay = new Map<string, number>()
        let most = 0

        const send = (destination: Destination, alert: Alert, deliveryId: string) =>
          Effect.gen(function*() {
            const { channel, channelId, orgId } = destination
            const atMs = yield* Clock.currentTimeMillis
            const { folded, title } = alert
            const seen: Seen = { channel, channelId, orgId, title, folded, alert, deliveryId, atMs }
            const n = yield* Ref.modify(
              sent,
              (all) => [all.filter((one) => one.channelId === channelId).length, [...all, seen]]
            )
            const key = JSON.stringify(destination)
            const now = (underWay.get(key) ?? 0) + 1
            underWay.set(key, now)
            most = Math.max(most, now)
            const result = yield* (yield* Ref.get(reaction))(seen, n).pipe(
              Effect.ensuring(Effect.sync(() => underWay.set(key, (underWay.get(key) ?? 1) - 1)))
            )
            yield* Ref.update(arrived, (all) => [...all, seen])
            return result
          })

        const notifier = Notifier.of((destination) =>
          Effect.gen(function*() {
            if (options.configured ?? true) {
              return { config: "", send: ({ alert, deliveryId }) => send(destination, alert, deliveryId) }
            }
            const row = yield* Effect.mapError(
              Effect.flatten(integrations.find(destination.orgId, destination.channel)),
              () => new Paused({ config: "", details: "Slack integration is not configured" })
            )
            const config = row.configuredAt.pipe((time) => new Date(time.epochMillis).toISOString())
            return { config, send: ({ alert, deliveryId }) => send(destination, alert, deliveryId) }
          })
        )

        return Context.make(Notifier, notifier).pipe(Context.add(Notifications, {
          arrived: Ref.get(arrived),
          sent: Ref.get(sent),
          react: (next) => Ref.set(reaction, next),
          mostAtOnce: Effect.sync(() => most)
        }))
      })
    )
}
