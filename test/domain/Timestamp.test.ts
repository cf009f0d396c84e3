import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import { Timestamp } from "../../src/domain/Timestamp.ts"

const decode = Schema.decodeUnknownEither(Timestamp)
const shown = (text: string) => Schema.encodeSync(Timestamp)(Schema.decodeSync(Timestamp)(text))

describe("Timestamp", () => {
  it.each<readonly [sent: string, shown: string]>([
    ["2026-03-21T14:00:00Z", "2026-03-21T14:00:00Z"],
    ["2026-03-21T14:00:00.999Z", "2026-03-21T14:00:00Z"],
    ["2026-03-21T14:00:00.679000+00:00", "2026-03-21T14:00:00Z"],
    ["2026-03-21T16:30:00+02:30", "2026-03-21T14:00:00Z"],
    ["2026-03-20T21:00:00-08:00", "2026-03-21T05:00:00Z"],
    ["2026-12-31T23:59:59.999999-00:01", "2027-01-01T00:00:59Z"],
    ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"],
    ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
    ["2026-03-21T14:00:00", "2026-03-21T14:00:00Z"]
  ])("%s is shown as %s", (sent, expected) => {
    assert.strictEqual(shown(sent), expected)
  })

  it.each(["", "yesterday", "2026-13-01T00:00:00Z", "2026-03-21T25:00:00Z", "2026-03-21T14:00:00+99:99", null, 0, {}])(
    "refuses %j",
    (sent) => {
      assert.isTrue(Either.isLeft(decode(sent)))
    }
  )

  const moment = FastCheck.date({
    min: new Date("1970-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true
  })

  it.prop("shows whole seconds, rounded down, whatever the offset", [
    moment,
    FastCheck.integer({ min: -12 * 60, max: 14 * 60 })
  ], ([date, offset]) => {
    const sign = offset < 0 ? "-" : "+"
    const two = (number: number) => String(number).padStart(2, "0")
    const clock = new Date(date.getTime() + offset * 60_000)
    if (clock.getUTCFullYear() > 9999 || clock.getUTCFullYear() < 1970) return
    const text = clock.toISOString().replace(
      "Z",
      `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
    )
    const encoded = shown(text)
    assert.match(encoded, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.strictEqual(Date.parse(encoded), Math.floor(date.getTime() / 1000) * 1000)
    assert.strictEqual(shown(encoded), encoded)
  })
})
