import { setTimeout } from "node:timers/promises"
import { request } from "undici"
import type { Sealed } from "./credentials.ts"
import type { DeliveryRow, EventRow, Place, Store } from "./store.ts"

/** As many messages under way at once as the service allows a channel. */
const atOnce = 128

const text = ({ occurred_at, project_id, severity, title, type, url }: EventRow) =>
  [`${severity}: ${title}`, project_id, type, occurred_at, url].filter((part) => part !== null).join(" | ")

/** Sends what is queued, in order for each destination. */
export const makeDrain = (
  store: Store,
  open: (row: Sealed) => Readonly<Record<string, string>>,
  origins: { readonly slack: string; readonly whatsapp: string }
) => {
  const active = new Set<string>()
  const waiting: Array<() => void> = []
  let underWay = 0

  const room = async () => {
    if (underWay < atOnce) return void (underWay += 1)
    await new Promise<void>((resume) => void waiting.push(resume))
  }
  const leave = () => {
    const next = waiting.shift()
    if (next === undefined) underWay -= 1
    else next()
  }

  /** How long to wait before the next message to the same destination, in milliseconds. */
  const send = async (place: Place, event: EventRow): Promise<number> => {
    const row = store.integration.get(place.org_id, place.channel)
    if (row === undefined) throw new Error("not configured")
    const config = open(row)
    const slack = place.channel === "slack"
    const { body, statusCode } = await request(
      slack ? `${origins.slack}/api/chat.postMessage` : `${origins.whatsapp}/v23.0/${config["phoneNumberId"]}/messages`,
      {
        method: "POST",
        headers: {
          authorization: `Bearer ${config[slack ? "botToken" : "accessToken"]}`,
          "content-type": "application/json"
        },
        body: JSON.stringify(
          slack ? { channel: place.channel_id, text: text(event) } : {
            messaging_product: "whatsapp",
            to: place.channel_id,
            type: "template",
            template: {
              name: "alert",
              language: { code: "en_US" },
              components: [{ type: "body", parameters: [{ type: "text", text: text(event) }] }]
            }
          }
        )
      }
    )
    await body.json()
    if (statusCode !== 200) throw new Error(`the vendor answered ${statusCode}`)
    return slack ? 1000 : 0
  }

  const record = store.db.transaction((place: Place, delivery: DeliveryRow, startedMs: number) => {
    const now = new Date()
    const { attempt_count, group_key, id, severity, state } = delivery
    const at = new Date(startedMs).toISOString()
    store.addAttempt.run(place.org_id, id, attempt_count + 1, at, now.getTime() - startedMs)
    store.delivered.run(now.toISOString(), place.org_id, id)
    if (group_key === null) return
    store.tell.run(place.org_id, place.channel, place.channel_id, group_key, now.toISOString(), state, severity)
  })

  /** One message. `undefined` when there is none left. */
  const step = async (place: Place): Promise<number | undefined> => {
    await room()
    try {
      const delivery = store.head.get(place.org_id, place.channel, place.channel_id)
      if (delivery === undefined) {
        store.rest.run(place.org_id, place.channel, place.channel_id)
        return undefined
      }
      store.claim.run(place.org_id, delivery.id)
      const startedMs = Date.now()
      const event = store.event.get(place.org_id, delivery.event_id)
      const pauseMs = event === undefined ? 0 : await send(place, event)
      record.immediate(place, delivery, startedMs)
      return pauseMs
    } finally {
      leave()
    }
  }

  const drain = async (place: Place): Promise<void> => {
    const pauseMs = await step(place)
    if (pauseMs === undefined) return
    if (pauseMs > 0) await setTimeout(pauseMs)
    return drain(place)
  }

  const wake = (place: Place): void => {
    const key = JSON.stringify(place)
    if (active.has(key)) return
    active.add(key)
    void drain(place).catch(() => undefined).finally(() => active.delete(key))
  }

  return {
    wake,
    /** Everything that was left. */
    start: () => store.due.all().forEach(wake)
  } as const
}
