import { HttpClient, HttpClientRequest } from "@effect/platform"
import { type Duration, Effect, Option, Schedule, Schema } from "effect"
import { slackSeed, telegramSeed } from "../../src/sandbox/chatSeed.ts"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { makeSlack } from "../../src/sandbox/slack.ts"
import type { ChatMessage } from "../../src/sandbox/StandIn.ts"
import { makeTelegram } from "../../src/sandbox/telegram.ts"
import { makeWhatsApp } from "../../src/sandbox/whatsapp.ts"

const org = "org-acme-corp"
const secret = "sentry-client-secret"

/** Where the alerts of one project go. */
export interface Place {
  readonly channel: "slack" | "telegram" | "whatsapp"
  readonly channelId: string
  readonly project: string
}

/** What agents know of one project, oldest first. */
export interface Known {
  readonly projectId: string
  readonly all: ReadonlyArray<string>
}

const Incidents = Schema.Struct({
  incidents: Schema.Array(Schema.Struct({ title: Schema.String })),
  next: Schema.NullOr(Schema.String)
})
const Agents = Schema.Struct({ agents: Schema.Array(Schema.Struct({ id: Schema.String, projectId: Schema.String })) })
const Deliveries = Schema.Struct({
  deliveries: Schema.Array(Schema.Struct({ id: Schema.String, lastError: Schema.NullOr(Schema.String) }))
})

/** How a webhook is told from all others. */
export const nameOf = (project: string, n: number): string => `${project}#${n}`

/** The webhooks that a text tells of. */
export const namesIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/alert (?:<|&lt;)([\w-]+)#(\d+)(?:>|&gt;)/g)].map(([, project, n]) => `${project}#${n}`)

export const countEach = (all: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1)
  return counts
}

/** Chat vendors that know these places and keep what they are sent. */
export const makeVendors = (places: ReadonlyArray<Place>) =>
  Effect.gen(function*() {
    const idsOf = (channel: Place["channel"]) =>
      places.filter((place) => place.channel === channel).map(({ channelId }) => channelId)
    const slack = yield* makeSlack({
      seed: { ...slackSeed, channels: idsOf("slack").map((id) => ({ id, name: id, isMember: true })) }
    })
    const telegram = yield* makeTelegram({
      seed: { ...telegramSeed, chats: idsOf("telegram").map((id) => ({ id: Number(id), type: "group", title: id })) }
    })
    const whatsapp = yield* makeWhatsApp()
    const messages: Effect.Effect<ReadonlyArray<ChatMessage>> = Effect.map(
      Effect.all([slack.messages, telegram.messages, whatsapp.messages]),
      (all) => all.flat()
    )
    return {
      messages,
      environment: { SLACK_API_URL: slack.url, TELEGRAM_API_URL: telegram.url, WHATSAPP_API_URL: whatsapp.url }
    } as const
  })

/** An organisation that uses the service at `url`: whichever process that is at the moment. */
export const makeOrganisation = (url: Effect.Effect<string>) =>
  Effect.gen(function*() {
    const http = yield* HttpClient.HttpClient

    const ask = (method: "GET" | "POST", path: string, body?: unknown) =>
      Effect.flatMap(url, (at) =>
        HttpClientRequest.make(method)(`${at}${path}`).pipe(
          HttpClientRequest.setHeader("x-org-id", org),
          body === undefined ? (request) => request : HttpClientRequest.bodyUnsafeJson(body),
          HttpClient.filterStatusOk(http).execute,
          Effect.flatMap((response) => response.json)
        ))

    /** Each project's alerts go to its place. */
    const configure = Effect.fnUntraced(function*(places: ReadonlyArray<Place>) {
      for (
        const body of [
          { integration: "sentry", config: { authToken: "t", organization: "acme", webhookSecret: secret } },
          { integration: "slack", config: { botToken: "xoxb-sandbox" } },
          { integration: "telegram", config: { botToken: "123456:sandbox" } },
          { integration: "whatsapp", config: { accessToken: "EAAsandbox", phoneNumberId: "15550001111" } }
        ]
      ) yield* ask("POST", "/api/integrations/configure", body)
      for (const { channel, channelId, project } of places) {
        yield* ask("POST", "/api/channel-routes", { eventType: "sentry.*", channel, channelId, projectId: project })
      }
    })

    /** A signed webhook about a new issue. Whether it was answered 200. */
    const webhook = (project: string, n: number, patience: Duration.DurationInput) =>
      Effect.flatMap(url, (at) => {
        const issue = { id: `${project}-${n}`, title: `alert <${nameOf(project, n)}>`, project: { slug: project } }
        const body = JSON.stringify({ action: "created", data: { issue } })
        return HttpClientRequest.post(`${at}/api/webhooks/sentry?org=${org}`).pipe(
          HttpClientRequest.bodyText(body, "application/json"),
          HttpClientRequest.setHeaders(signatureHeaders.sentry(secret, body)),
          http.execute,
          Effect.flatMap((response) => Effect.as(response.text, response.status)),
          Effect.scoped,
          Effect.timeout(patience),
          Effect.option,
          Effect.map(Option.contains(200))
        )
      })

    const deliveries = (status: string) =>
      Effect.map(
        Effect.flatMap(ask("GET", `/api/deliveries?status=${status}&limit=100`), Schema.decodeUnknown(Deliveries)),
        ({ deliveries }) => deliveries
      )

    /** Until nothing waits any more, looked at every half second, so many times at most. */
    const drained = (times: number) =>
      deliveries("pending,delivering").pipe(
        Effect.filterOrFail((all) => all.length === 0),
        Effect.retry(Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(times)))
      )

    const inboxOf = (agentId: string) =>
      Effect.gen(function*() {
        const titles: Array<string> = []
        let after = ""
        while (true) {
          const path = `/api/agents/${agentId}/incidents?limit=100${after === "" ? "" : `&after=${after}`}`
          const { incidents, next } = yield* Effect.flatMap(ask("GET", path), Schema.decodeUnknown(Incidents))
          if (incidents.length === 0) return titles
          titles.push(...incidents.map(({ title }) => title))
          after = next ?? ""
        }
      })

    /** The inboxes of all agents. */
    const inboxes = Effect.gen(function*() {
      const { agents } = yield* Effect.flatMap(ask("GET", "/api/agents"), Schema.decodeUnknown(Agents))
      return yield* Effect.forEach(agents, ({ id, projectId }) =>
        Effect.map(inboxOf(id), (titles): Known => ({ projectId, all: titles.flatMap(namesIn) })))
    })

    return { configure, webhook, deliveries, drained, inboxes } as const
  })
