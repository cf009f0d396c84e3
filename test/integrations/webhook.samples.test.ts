import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import type { IncomingEvent } from "../../src/domain/Event.ts"
import { events } from "./webhookEvents.ts"

const samples = new URL("../samples/", import.meta.url)
const file = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, samples)))
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** As it is written in the file of expectations: the body is the sample's own. */
const shown = (event: IncomingEvent) => {
  const { body, occurredAt, ...rest } = event
  assert.notStrictEqual(body, "")
  return { ...rest, occurredAt: DateTime.formatIso(occurredAt) }
}

describe("the vendors' own samples", () => {
  const expected: unknown = JSON.parse(textOf(file("events.json")))

  it("become the events that are written down", () => {
    const found = Object.entries(events).flatMap(([vendor, event]) =>
      readdirSync(new URL(`${vendor}/`, samples)).toSorted().map((name) =>
        [`${vendor}/${name}`, shown(event(file(`${vendor}/${name}`)))] as const
      )
    )
    assert.deepStrictEqual(Object.fromEntries(found), expected)
  })

  it("are kept as they came", () => {
    for (const [vendor, event] of Object.entries(events)) {
      for (const name of readdirSync(new URL(`${vendor}/`, samples))) {
        const bytes = file(`${vendor}/${name}`)
        assert.deepStrictEqual(new TextEncoder().encode(event(bytes).body), bytes, name)
      }
    }
  })
})
