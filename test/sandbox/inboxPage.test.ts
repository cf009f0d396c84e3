import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Layer } from "effect"
import { createServer } from "node:net"
import { InboxPage, inboxPage } from "../../src/sandbox/inboxPage.ts"
import type { ChatMessage } from "../../src/sandbox/StandIn.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { places } from "./alerts.ts"
import { ask } from "./ask.ts"

const message = (text: string, changes: Partial<ChatMessage> = {}): ChatMessage => ({
  channelId: "C0ALERTS",
  text,
  raw: { text },
  atMs: Date.UTC(2026, 2, 21, 14),
  ...changes
})

const withMessages = (...messages: ReadonlyArray<ChatMessage>) => inboxPage([{ vendor: "slack", messages }])

const count = (page: string, part: string) => page.split(part).length - 1

/** What a reader sees of a text in the page. */
const unescaped = (html: string) =>
  html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", "\"").replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")

describe("the page of received messages", () => {
  it("shows what each stand-in was sent, the latest first", () => {
    const page = withMessages(message("First of all"), message("Second to none", { channelId: "C0DEPLOY" }))
    assert.isBelow(page.indexOf("Second to none"), page.indexOf("First of all"))
    assert.include(page, "to <b>C0DEPLOY</b> at 2026-03-21T14:00:00.000Z")
    assert.notInclude(page, "Nothing yet.")
    assert.include(withMessages(), "<h2>slack</h2><p>Nothing yet.</p>")
  })

  it.prop(
    "shows any text as it is, and makes no markup of it",
    [FastCheck.string({
      unit: FastCheck.oneof(FastCheck.constantFrom(...`<>&"'/=`), FastCheck.string({ maxLength: 1 }))
    })],
    ([text]) => {
      const page = withMessages(message(text, { channelId: text, raw: { [text]: text } }))
      const plain = withMessages(message("", { channelId: "", raw: { "": "" } }))
      for (const part of ["<", ">", "\"", "'"]) assert.strictEqual(count(page, part), count(plain, part), part)
      assert.isTrue(unescaped(page).includes(`<pre>${text}</pre>`))
      assert.isTrue(unescaped(page).includes(`to <b>${text}</b>`))
    }
  )

  it("makes no markup of a script", () => {
    const page = withMessages(message(`<script>alert("1")</script><img src=x onerror='alert(1)'>`))
    assert.strictEqual(count(page, "<script"), 1)
    assert.include(
      page,
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;"
    )
  })
})

const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

describe("the page's server", () => {
  it.scoped("shows all four channels, as they stand at the moment", () =>
    Effect.gen(function*() {
      const { discord, slack, telegram, whatsapp } = yield* StandIns
      const port = yield* freePort
      yield* Layer.build(InboxPage(port))
      const page = ask(`http://127.0.0.1:${port}/`)
      const empty = yield* page
      assert.strictEqual(empty.headers.get("content-type"), "text/html; charset=utf-8")
      assert.strictEqual(count(empty.text, "Nothing yet."), 4)
      assert.deepStrictEqual(
        [...empty.text.matchAll(/<h2>(\w+)<\/h2>/g)].map(([, vendor]) => vendor),
        ["slack", "discord", "telegram", "whatsapp"]
      )

      yield* ask(`${slack.url}/api/chat.postMessage`, {
        headers: { authorization: "Bearer xoxb-sandbox" },
        body: { channel: places.slack, text: "<b>by Slack" }
      })
      yield* ask(`${discord.url}/api/v10/channels/${places.discord}/messages`, {
        headers: { authorization: "Bot discord-sandbox-token" },
        body: { content: "<b>by Discord" }
      })
      yield* ask(`${telegram.url}/bot123456:sandbox/sendMessage`, {
        body: { chat_id: Number(places.telegram), text: "<b>by Telegram" }
      })
      yield* ask(`${whatsapp.url}/v23.0/15550001111/messages`, {
        headers: { authorization: "Bearer EAAsandbox" },
        body: { messaging_product: "whatsapp", to: places.whatsapp, text: { body: "<b>by WhatsApp" } }
      })
      const { text } = yield* page
      assert.notInclude(text, "Nothing yet.")
      for (const by of ["Slack", "Discord", "Telegram", "WhatsApp"]) {
        assert.include(text, `<pre>&lt;b&gt;by ${by}</pre>`)
      }
      for (const secret of ["xoxb-sandbox", "discord-sandbox-token", "123456:sandbox", "EAAsandbox"]) {
        assert.notInclude(text, secret)
      }
    }).pipe(Effect.provide(StandIns.layer())))
})
