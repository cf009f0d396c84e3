import { HttpServerRequest } from "@effect/platform"
import { Effect, Layer, Option, Schema } from "effect"
import { Idempotency, IdempotencyKeyText } from "../api/Idempotency.ts"
import { RequestInvalid } from "../domain/Errors.ts"

const isKey = Schema.is(IdempotencyKeyText)

export const IdempotencyLive = Layer.succeed(
  Idempotency,
  Effect.gen(function*() {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const key = headers["idempotency-key"]
    if (key === undefined) return Option.none()
    if (!isKey(key)) {
      return yield* new RequestInvalid({
        problems: ["idempotency-key: expected 1 to 255 printable ASCII characters"]
      })
    }
    return Option.some(key)
  })
)
