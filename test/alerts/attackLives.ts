import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { Effect, Fiber, Layer, Option } from "effect"
import { Dispatch } from "../../src/alerts/Dispatch.ts"
import { Fence } from "../../src/alerts/Fence.ts"
import { AlertsLive } from "../../src/alerts/live.ts"
import { Sender } from "../../src/alerts/Sender.ts"
import { NameServers, Outbound, Senders } from "../../src/App.ts"
import { Discord } from "../../src/channels/discord/Discord.ts"
import { Slack } from "../../src/channels/slack/Slack.ts"
import { Telegram } from "../../src/channels/telegram/Telegram.ts"
import { WhatsApp } from "../../src/channels/whatsapp/WhatsApp.ts"
import { DeliveryLogRepo } from "../../src/persistence/DeliveryLogRepo.ts"

import { layerTest } from "../../src/persistence/TestDatabase.ts"
import * as Keyring from "../../src/services/Keyring.ts"
import { InProcess } from "../../src/testing/InProcess.ts"
import { Notifications } from "../fakes/Notifications.ts"
import { acme, environment } from "../fakes/Storage.ts"

/** Senders that can be killed in the middle of what they do, as a process can be. */
export const mortal = () => {
  const owners = new Map<string, Effect.Semaphore>()
  const fibers = new Set<Fiber.RuntimeFiber<void>>()
  const layer = Layer.effect(
    Dispatch,
    Effect.map(Sender, (sender) => ({
      wake: (destinations) =>
        Effect.forEach(destinations, (destination) => {
          const key = JSON.stringify(destination)
          const owner = owners.get(key) ?? Effect.unsafeMakeSemaphore(1)
          owners.set(key, owner)
          return Effect.map(Effect.forkDaemon(owner.withPermits(1)(sender.drain(destination))), (fiber) => {
            fibers.add(fiber)
            fiber.addObserver(() => void fibers.delete(fiber))
          })
        }, { discard: true })
    }))
  )
  /** What is under way goes no further; whoever is woken from now on belongs to the next process. */
  const kill = Effect.suspend(() => {
    owners.clear()
    return Effect.forEach([...fibers], Fiber.interruptFork, { discard: true })
  })
  return { layer, kill }
}

const takesAll = { verify: () => Effect.void, send: () => Effect.succeed({ pauseMs: 0 }) }

/** The pipeline with the live notifier; channels that a test does not name take everything. */
export const withChannels = (
  named: { readonly slack?: typeof Slack.Service; readonly telegram?: typeof Telegram.Service }
) =>
  AlertsLive.pipe(
    Layer.provide(InProcess),
    Layer.provideMerge(Senders),
    Layer.provide(Fence.open),
    Layer.provide([
      Layer.succeed(Slack, named.slack ?? takesAll),
      Layer.succeed(Telegram, named.telegram ?? takesAll),
      Layer.succeed(Discord, takesAll),
      Layer.succeed(WhatsApp, takesAll)
    ]),
    Layer.provide(Outbound),
    Layer.provide(NameServers),
    Layer.provideMerge(layerTest),
    Layer.provide(Keyring.layerEphemeral),
    Layer.provide(NodeContext.layer),
    Layer.provide(environment({})),
    Layer.orDie
  )

export const arrived = Effect.flatMap(Notifications, (notifications) => notifications.arrived)
export const sent = Effect.flatMap(Notifications, (notifications) => notifications.sent)
export const react: (reaction: Parameters<typeof Notifications.Service["react"]>[0]) => Effect.Effect<
  void,
  never,
  Notifications
> = (reaction) => Effect.flatMap(Notifications, (notifications) => notifications.react(reaction))
export const titles = Effect.map(arrived, (all) => all.map(({ title }) => title))

/** As somebody retries one delivery by hand. The sweep wakes its sender. */
export const retry = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const row = yield* (yield* DeliveryLogRepo).retry(acme, id)
    if (Option.isSome(row)) {
      yield* sql`UPDATE destinations SET wakes = wakes + 1, due_at = '1970-01-01T00:00:00.000Z'
                 WHERE channel_id = ${row.value.channelId}`
    }
    return row
  })
