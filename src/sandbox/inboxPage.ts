import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { createServer } from "node:http"
import type { ChatMessage } from "./StandIn.ts"
import { StandIns } from "./StandIns.ts"

/** Where the page of received messages is. */
export const inboxPagePort = 4010

/** What one stand-in was sent, the latest first. */
export interface Received {
  readonly vendor: string
  readonly messages: ReadonlyArray<ChatMessage>
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d1c1d }
  section { margin-bottom: 2rem }
  h2 { border-bottom: 1px solid #ddd; text-transform: capitalize }
  article { border-left: 4px solid #8a8f98; margin: 1rem 0; padding: .25rem 1rem; background: #f7f7f8 }
  .to { color: #5c5f66; font-size: .875rem }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; font: inherit }
  details pre { font: .8125rem/1.4 ui-monospace, monospace }
`

/** Not while somebody reads the details of a message. */
const reload = `setInterval(() => document.querySelector("details[open]") || location.reload(), 2000)`

const article = ({ atMs, channelId, raw, text }: ChatMessage): string =>
  `<article><div class="to">to <b>${escaped(channelId)}</b> at ${new Date(atMs).toISOString()}</div>` +
  `<pre>${escaped(text)}</pre>` +
  `<details><summary>as sent</summary><pre>${escaped(JSON.stringify(raw, null, 2))}</pre></details></article>`

const section = ({ messages, vendor }: Received): string =>
  `<section><h2>${escaped(vendor)}</h2>${
    messages.length === 0 ? "<p>Nothing yet.</p>" : messages.toReversed().map(article).join("")
  }</section>`

/** The page: what each stand-in channel received. Reloads itself while it is looked at. */
export const inboxPage = (all: ReadonlyArray<Received>): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Messages in the sandbox</title>` +
  `<meta name="viewport" content="width=device-width">` +
  `<style>${style}</style></head><body><h1>Messages in the sandbox</h1>` +
  `<p>What the stand-ins of the chat channels received. Reloads every two seconds.</p>` +
  `${all.map(section).join("")}<script>${reload}</script></body></html>`

/** Serves the page; port 0 takes a free one. */
export const InboxPage = (port: number) =>
  Layer.scopedDiscard(
    Effect.gen(function*() {
      const { discord, slack, telegram, whatsapp } = yield* StandIns
      const page = Effect.forEach(
        [slack, discord, telegram, whatsapp],
        ({ messages, vendor }) => Effect.map(messages, (messages): Received => ({ vendor, messages }))
      ).pipe(Effect.map((all) => HttpServerResponse.text(inboxPage(all), { contentType: "text/html; charset=utf-8" })))
      const server = yield* NodeHttpServer.make(() => createServer(), { host: "127.0.0.1", port })
      yield* server.serve(HttpRouter.get(HttpRouter.empty, "/", page))
    })
  )
