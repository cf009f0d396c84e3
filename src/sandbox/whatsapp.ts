import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Clock, Effect, Ref, Schema } from "effect"
import type { WhatsAppSeed } from "./chatRecords.ts"
import { whatsAppSeed } from "./chatSeed.ts"
import { type ChatMessage, type ChatStandIn, makeStandIn, Refused, searchParams, type StartedIn } from "./StandIn.ts"

export type { WhatsAppSeed } from "./chatRecords.ts"

const trace = "AbCdEfGhIjKlMnOpQrStUv"
const failure = (status: number, code: number, message: string, details?: string, type = "OAuthException") =>
  HttpServerResponse.unsafeJson({
    error: {
      message,
      type,
      code,
      ...(details === undefined ? {} : { error_data: { messaging_product: "whatsapp", details } }),
      fbtrace_id: trace
    }
  }, { status })
const refuse = (...args: Parameters<typeof failure>) => new Refused({ response: failure(...args) })
const invalid = (details: string) => refuse(400, 100, "(#100) Invalid parameter", details)

const Recipient = { messaging_product: Schema.Literal("whatsapp"), to: Schema.NonEmptyString }
const TextMessage = Schema.Struct({
  ...Recipient,
  type: Schema.optionalWith(Schema.Literal("text"), { default: () => "text" as const }),
  text: Schema.Struct({ body: Schema.NonEmptyString.pipe(Schema.maxLength(4096)) })
})
const TemplateMessage = Schema.Struct({
  ...Recipient,
  type: Schema.Literal("template"),
  template: Schema.Struct({
    name: Schema.String,
    language: Schema.Struct({ code: Schema.String }),
    components: Schema.optionalWith(
      Schema.Array(Schema.Struct({
        type: Schema.String,
        parameters: Schema.optionalWith(
          Schema.Array(Schema.Struct({ type: Schema.Literal("text"), text: Schema.String })),
          { default: () => [] }
        )
      })),
      { default: () => [] }
    )
  })
})
const Message = Schema.Union(TemplateMessage, TextMessage)

/** WhatsApp's Cloud API. A 200 means accepted: `raw.delivered` of a kept message tells whether it would arrive. */
export const makeWhatsApp = (
  options: { readonly port?: number; readonly seed?: WhatsAppSeed } = {}
): StartedIn<ChatStandIn> =>
  Effect.gen(function*() {
    const seed = options.seed ?? whatsAppSeed
    const messages = yield* Ref.make<ReadonlyArray<ChatMessage>>([])

    const phoneNumber = Effect.gen(function*() {
      const { authorization } = (yield* HttpServerRequest.HttpServerRequest).headers
      if (authorization === undefined) {
        return yield* refuse(401, 0, "We were unable to authenticate the app user.")
      }
      if (!seed.tokens.some((token) => authorization === `Bearer ${token}`)) {
        return yield* refuse(401, 190, "Invalid OAuth access token - Cannot parse access token")
      }
      const { id, version } = yield* HttpRouter.params
      if (!/^v\d+\.\d+$/.test(version ?? "")) return yield* refuse(400, 2500, "Unknown path components")
      if (id !== seed.phoneNumber.id) {
        return yield* refuse(
          400,
          100,
          `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, ` +
            "or does not support this operation",
          undefined,
          "GraphMethodException"
        )
      }
      return seed.phoneNumber
    })

    const templateText = (message: typeof TemplateMessage.Type) =>
      Effect.gen(function*() {
        const { components, language, name } = message.template
        const template = seed.templates.find((one) => one.name === name && one.language === language.code)
        if (template === undefined) {
          const details = `template name (${name}) does not exist in ${language.code}`
          return yield* refuse(404, 132001, "(#132001) Template name does not exist in the translation", details)
        }
        const texts = components.filter((one) => one.type === "body").flatMap((one) => one.parameters)
          .map((parameter) => parameter.text)
        if (texts.length !== template.parameters) {
          const details =
            `body: number of localizable_params (${texts.length}) does not match the expected number of ` +
            `params (${template.parameters})`
          return yield* refuse(400, 132000, "(#132000) Number of parameters does not match", details)
        }
        if (texts.some((text) => /[\n\t]| {5}/.test(text))) {
          return yield* invalid("Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
        }
        return texts.join(" ")
      })

    const send = Effect.gen(function*() {
      yield* phoneNumber
      const message = yield* HttpServerRequest.schemaBodyJson(Message).pipe(
        Effect.mapError(() => invalid("The request does not describe a text or template message"))
      )
      const to = message.to.replaceAll(/\D/g, "")
      if (seed.notAllowed.includes(to)) {
        return yield* refuse(400, 131030, "(#131030) Recipient phone number not in allowed list")
      }
      const text = message.type === "template" ? yield* templateText(message) : message.text.body
      const atMs = yield* Clock.currentTimeMillis
      // Outside the 24 hour window free text is accepted, and only the status webhook tells that it failed (131047).
      const delivered = message.type === "template" || seed.openWindows.includes(to)
      const id = yield* Ref.modify(messages, (all) => {
        const wamid = `wamid.${String(all.length + 1).padStart(12, "0")}`
        const raw = { ...message, id: wamid, delivered, ...(delivered ? {} : { failure: 131047 }) }
        return [wamid, [...all, { channelId: to, text, raw, atMs }]]
      })
      return HttpServerResponse.unsafeJson({
        messaging_product: "whatsapp",
        contacts: [{ input: message.to, wa_id: to }],
        messages: [{ id, message_status: "accepted" }]
      })
    })

    const read = Effect.gen(function*() {
      const number = yield* phoneNumber
      const all = {
        verified_name: number.verifiedName,
        display_phone_number: number.display,
        quality_rating: "GREEN"
      }
      const fields = (yield* searchParams).get("fields")?.split(",")
      const chosen = Object.entries(all).filter(([name]) => fields === undefined || fields.includes(name))
      return HttpServerResponse.unsafeJson({ ...Object.fromEntries(chosen), id: number.id })
    })

    const standIn = yield* makeStandIn({
      vendor: "whatsapp",
      app: HttpRouter.empty.pipe(
        HttpRouter.get("/:version/:id", read),
        HttpRouter.post("/:version/:id/messages", send)
      ),
      notFound: failure(400, 2500, "Unknown path components"),
      // The code tells throttling, not the status; and there is no word on how long to wait.
      throttled: () =>
        failure(400, 130429, "(#130429) Rate limit hit", "Cloud API message throughput has been reached."),
      failed: (status) => failure(status, status >= 500 ? 2 : 100, "Service temporarily unavailable"),
      lying: failure(200, 2, "Service temporarily unavailable"),
      views: { messages: Ref.get(messages) }
    }, options)
    return { ...standIn, messages: Ref.get(messages) }
  })
