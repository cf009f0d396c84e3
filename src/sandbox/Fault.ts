import { Schema } from "effect"

const Slow = Schema.TaggedStruct("slow", { ms: Schema.NonNegative })
const Throttled = Schema.TaggedStruct("throttled", { retryAfterSeconds: Schema.NonNegative })
const Status = Schema.TaggedStruct("status", {
  code: Schema.Int.pipe(Schema.between(200, 599)),
  body: Schema.optional(Schema.Unknown)
})
const Hang = Schema.TaggedStruct("hang", {})
const Reset = Schema.TaggedStruct("reset", {})
const Truncated = Schema.TaggedStruct("truncated", {})
const Html = Schema.TaggedStruct("html", {})
const Lying = Schema.TaggedStruct("lying", {})
const Stalled = Schema.TaggedStruct("stalled", {})

/** What a vendor can be made to do instead of, or before, its normal answer to one call. */
export const Fault = Schema.Union(Slow, Throttled, Status, Hang, Reset, Truncated, Html, Lying, Stalled)
export type Fault = typeof Fault.Type

/** The normal answer, `ms` milliseconds late by the stand-in's clock. */
export const slow = (ms: number): Fault => Slow.make({ ms })

/** A refusal for going too fast, in that vendor's own status, headers and body; the call has no effect. */
export const throttled = (retryAfterSeconds: number): Fault => Throttled.make({ retryAfterSeconds })

/** This status with this body (text as it is, anything else as JSON), by default the vendor's own error body. No effect. */
export const status = (code: number, body?: unknown): Fault =>
  Status.make(body === undefined ? { code } : { code, body })

/** No answer, ever; the call has no effect. */
export const hang: Fault = Hang.make({})

/** The socket is destroyed before anything is answered; the call has no effect. */
export const reset: Fault = Reset.make({})

/** The call takes effect, but its answer is cut half-way and the socket closed: what "ambiguous" means for a write. */
export const truncated: Fault = Truncated.make({})

/** 200 with an HTML page, as a proxy in between would answer; the call has no effect. */
export const html: Fault = Html.make({})

/** 200 with the vendor's error in the body or, where it has no such form, JSON of the wrong shape; no effect. */
export const lying: Fault = Lying.make({})

/** The call takes effect; headers and half of the answer arrive, then nothing more. */
export const stalled: Fault = Stalled.make({})
