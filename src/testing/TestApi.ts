import { FetchHttpClient, HttpServer } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Context, Effect, Layer } from "effect"
import type { Dispatch } from "../alerts/Dispatch.ts"
import { Fence } from "../alerts/Fence.ts"
import type { Sender } from "../alerts/Sender.ts"
import { Outbound, Senders, Services } from "../App.ts"
import { Discord } from "../channels/discord/Discord.ts"
import { Slack } from "../channels/slack/Slack.ts"
import { Telegram } from "../channels/telegram/Telegram.ts"
import { WhatsApp } from "../channels/whatsapp/WhatsApp.ts"
import { type Client, makeClient } from "../client.ts"
import { serve } from "../http/Server.ts"
import { FakeLinear } from "../integrations/linear/FakeLinear.ts"
import type { Linear } from "../integrations/linear/Linear.ts"
import { FakePagerDuty } from "../integrations/pagerduty/FakePagerDuty.ts"
import type { PagerDuty } from "../integrations/pagerduty/PagerDuty.ts"
import { FakeSentry } from "../integrations/sentry/FakeSentry.ts"
import type { Sentry } from "../integrations/sentry/Sentry.ts"
import * as Sql from "../persistence/Sql.ts"
import * as Keyring from "../services/Keyring.ts"
import { InProcess } from "./InProcess.ts"

/** Vendors to use instead of the fakes that hold the customer document's data. */
export interface TestApiOptions {
  readonly pagerduty?: Layer.Layer<PagerDuty>
  readonly linear?: Layer.Layer<Linear>
  readonly sentry?: Layer.Layer<Sentry>
  /** Environment variables, as an operator would set them. */
  readonly environment?: Readonly<Record<string, string>>
  /** Who wakes the senders of messages: by default they send at once. */
  readonly dispatch?: Layer.Layer<Dispatch, never, Sender>
}

const channel = { verify: () => Effect.void, send: () => Effect.succeed({ pauseMs: 0 }) }

/** Channels that take any token and any message. */
const FakeChannels = Layer.mergeAll(
  Layer.succeed(Slack, channel),
  Layer.succeed(Discord, channel),
  Layer.succeed(Telegram, channel),
  Layer.succeed(WhatsApp, channel)
)

/** The whole service over HTTP. */
export class TestApi extends Context.Tag("testing/TestApi")<TestApi, {
  /** Its origin: `http://127.0.0.1:<port>`. */
  readonly url: string
  /** A typed client that acts for an organisation. */
  readonly client: (orgId: string) => Effect.Effect<Client>
}>() {
  static readonly layer = ({
    dispatch,
    environment = {},
    linear = FakeLinear(),
    pagerduty = FakePagerDuty(),
    sentry = FakeSentry()
  }: TestApiOptions = {}) =>
    TestApi.over(Layer.mergeAll(pagerduty, linear, sentry, FakeChannels), environment, dispatch)

  /** The same with vendors that are provided from elsewhere, such as the live ones against the sandbox. */
  static readonly over = <E, R>(
    vendors: Layer.Layer<PagerDuty | Linear | Sentry | Slack | Discord | Telegram | WhatsApp, E, R>,
    environment: Readonly<Record<string, string>> = {},
    dispatch: Layer.Layer<Dispatch, never, Sender> = InProcess
  ) =>
    Layer.effect(
      TestApi,
      Effect.map(HttpServer.addressFormattedWith(Effect.succeed), (url) => ({
        url,
        client: (orgId) => Effect.provide(makeClient({ baseUrl: url, orgId }), FetchHttpClient.layer)
      }))
    ).pipe(
      Layer.provide(serve({ host: "127.0.0.1", port: 0 })),
      Layer.provide(Services),
      Layer.provide(dispatch),
      Layer.provide(Senders),
      Layer.provide(Fence.open),
      Layer.provide(vendors),
      Layer.provide(Outbound),
      Layer.provide(Sql.layerMemory),
      Layer.provide(Keyring.layerEphemeral),
      Layer.provide(NodeContext.layer),
      Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))))
    )
}
