import { FetchHttpClient, HttpServer } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Context, type Duration, Effect, Layer, Option, type Redacted, Schema } from "effect"
import type { Dispatch } from "../alerts/Dispatch.ts"
import { Fence } from "../alerts/Fence.ts"
import type { Sender } from "../alerts/Sender.ts"
import { NameServers, Outbound, Senders, Services } from "../App.ts"
import { Discord } from "../channels/discord/Discord.ts"
import { Slack } from "../channels/slack/Slack.ts"
import { Telegram } from "../channels/telegram/Telegram.ts"
import { WhatsApp } from "../channels/whatsapp/WhatsApp.ts"
import { type Client, makeClient } from "../client.ts"
import { TokenOrg } from "../domain/Token.ts"
import { serve } from "../http/Server.ts"
import { FakeLinear } from "../integrations/linear/FakeLinear.ts"
import type { Linear } from "../integrations/linear/Linear.ts"
import { FakePagerDuty } from "../integrations/pagerduty/FakePagerDuty.ts"
import type { PagerDuty } from "../integrations/pagerduty/PagerDuty.ts"
import { FakeSentry } from "../integrations/sentry/FakeSentry.ts"
import type { Sentry } from "../integrations/sentry/Sentry.ts"
import { layerTest } from "../persistence/TestDatabase.ts"
import * as Keyring from "../services/Keyring.ts"
import { type NewToken, Tokens } from "../services/Tokens.ts"
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

export interface TestTokenOptions {
  readonly scopes?: NewToken["scopes"]
  /** For ever when left out. */
  readonly lifetime?: Duration.Duration
}

const everyScope: NewToken["scopes"] = ["read", "write", "admin"]

/** Tests ask faster than people may, and a test's clock may stand still: limits are for tests that are about them. */
const unlimited = { RATE_LIMIT: "off", WEBHOOK_RATE_LIMIT: "off", FAILURE_RATE_LIMIT: "off" }

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
  /** A typed client that acts for an organisation, with a token where `environment` says `AUTH=tokens`. */
  readonly client: (orgId: string, token?: Redacted.Redacted) => Effect.Effect<Client>
  /** Makes a token for an organisation, or with `*` for any; with every scope unless some are given. */
  readonly token: (orgId: string, options?: TestTokenOptions) => Effect.Effect<Redacted.Redacted>
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
    dispatch: Layer.Layer<Dispatch, never, Sender> = InProcess,
    nameServers: typeof NameServers = NameServers
  ) =>
    Layer.effect(
      TestApi,
      Effect.gen(function*() {
        const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
        const tokens = yield* Tokens
        return {
          url,
          client: (orgId, token) =>
            Effect.provide(
              makeClient({ baseUrl: url, orgId, ...(token !== undefined && { token }) }),
              FetchHttpClient.layer
            ),
          token: (org, { lifetime, scopes = everyScope } = {}) =>
            Schema.decode(TokenOrg)(org).pipe(
              Effect.flatMap((orgId) =>
                tokens.create({ orgId, name: "test", scopes, lifetime: Option.fromNullable(lifetime) })
              ),
              Effect.map(({ bearer }) => bearer),
              Effect.orDie
            )
        }
      })
    ).pipe(
      Layer.provide(serve({ host: "127.0.0.1", port: 0 })),
      Layer.provide(Services),
      Layer.provide(dispatch),
      Layer.provide(Tokens.Default),
      Layer.provide(Senders),
      Layer.provide(Fence.open),
      Layer.provide(vendors),
      Layer.provide(Outbound),
      Layer.provide(nameServers),
      Layer.provide(layerTest),
      Layer.provide(Keyring.layerEphemeral),
      Layer.provide(NodeContext.layer),
      Layer.provide(
        Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries({ ...unlimited, ...environment }))))
      )
    )
}
