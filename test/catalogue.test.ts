import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, FastCheck, Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Errors from "../src/api/errors.ts"
import * as Domain from "../src/domain/Errors.ts"
import { at } from "./http/ask.ts"

const published = Schema.Union(...Object.values(Errors))
const encode = Schema.encodeSync(Schema.parseJson(published))

/** Every value that a failure of the domain can be, by its tag. */
const failures = FastCheck.record({
  OrgIdRequired: Arbitrary.make(Schema.typeSchema(Domain.OrgIdRequired)),
  OrgIdInvalid: Arbitrary.make(Schema.typeSchema(Domain.OrgIdInvalid)),
  Unauthorized: Arbitrary.make(Schema.typeSchema(Domain.Unauthorized)),
  Forbidden: Arbitrary.make(Schema.typeSchema(Domain.Forbidden)),
  RequestInvalid: Arbitrary.make(Schema.typeSchema(Domain.RequestInvalid)),
  IntegrationNotConfigured: Arbitrary.make(Schema.typeSchema(Domain.IntegrationNotConfigured)),
  UpstreamFailed: Arbitrary.make(Schema.typeSchema(Domain.UpstreamFailed)),
  UpstreamRejected: Arbitrary.make(Schema.typeSchema(Domain.UpstreamRejected)),
  IncidentNotFound: Arbitrary.make(Schema.typeSchema(Domain.IncidentNotFound)),
  IncidentResolved: Arbitrary.make(Schema.typeSchema(Domain.IncidentResolved)),
  RouteNotFound: Arbitrary.make(Schema.typeSchema(Domain.RouteNotFound)),
  DeliveryNotFound: Arbitrary.make(Schema.typeSchema(Domain.DeliveryNotFound)),
  AgentNotFound: Arbitrary.make(Schema.typeSchema(Domain.AgentNotFound)),
  InvalidSignature: Arbitrary.make(Schema.typeSchema(Domain.InvalidSignature)),
  IdempotencyConflict: Arbitrary.make(Schema.typeSchema(Domain.IdempotencyConflict)),
  PathNotFound: Arbitrary.make(Schema.typeSchema(Domain.PathNotFound)),
  MethodNotAllowed: Arbitrary.make(Schema.typeSchema(Domain.MethodNotAllowed)),
  PayloadTooLarge: Arbitrary.make(Schema.typeSchema(Domain.PayloadTooLarge)),
  UnsupportedMediaType: Arbitrary.make(Schema.typeSchema(Domain.UnsupportedMediaType)),
  RateLimited: Arbitrary.make(Schema.typeSchema(Domain.RateLimited)),
  ServiceUnavailable: Arbitrary.make(Schema.typeSchema(Domain.ServiceUnavailable)),
  InternalFailure: Arbitrary.make(Schema.typeSchema(Domain.InternalFailure))
})

/** The contract's table, as far as there are operations for it. */
const catalogue = {
  OrgIdRequired: ["ORG_ID_REQUIRED", 400],
  OrgIdInvalid: ["ORG_ID_INVALID", 400],
  Unauthorized: ["UNAUTHORIZED", 401],
  Forbidden: ["FORBIDDEN", 403],
  RequestInvalid: ["VALIDATION_ERROR", 400],
  IntegrationNotConfigured: ["INTEGRATION_NOT_CONFIGURED", 400],
  UpstreamFailed: ["UPSTREAM_ERROR", 502],
  UpstreamRejected: ["UPSTREAM_REJECTED", 422],
  IncidentNotFound: ["INCIDENT_NOT_FOUND", 404],
  IncidentResolved: ["INCIDENT_RESOLVED", 409],
  RouteNotFound: ["ROUTE_NOT_FOUND", 404],
  DeliveryNotFound: ["DELIVERY_NOT_FOUND", 404],
  AgentNotFound: ["AGENT_NOT_FOUND", 404],
  InvalidSignature: ["INVALID_SIGNATURE", 401],
  IdempotencyConflict: ["IDEMPOTENCY_CONFLICT", 409],
  PathNotFound: ["NOT_FOUND", 404],
  MethodNotAllowed: ["METHOD_NOT_ALLOWED", 405],
  PayloadTooLarge: ["PAYLOAD_TOO_LARGE", 413],
  UnsupportedMediaType: ["UNSUPPORTED_MEDIA_TYPE", 415],
  RateLimited: ["RATE_LIMITED", 429],
  ServiceUnavailable: ["SERVICE_UNAVAILABLE", 503],
  InternalFailure: ["INTERNAL_ERROR", 500]
} as const

describe("the catalogue of errors", () => {
  it("is what README and docs/errors.md list", () => {
    const listed = (file: string) =>
      [...readFileSync(new URL(`../${file}`, import.meta.url), "utf8").matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)]
        .map(([, code, status]) => `${code} ${status}`).toSorted()
    const codes = Object.values(catalogue).map(([code, status]) => `${code} ${status}`).toSorted()
    assert.deepStrictEqual(listed("docs/errors.md"), codes)
    assert.deepStrictEqual(listed("README.md"), codes)
  })

  it("has every failure of the domain, and no other", () => {
    assert.sameMembers(Object.keys(Errors), Object.keys(Domain))
    assert.sameMembers(Object.keys(catalogue), Object.keys(Domain))
  })

  it("gives each its own code", () => {
    const codes = Object.values(catalogue).map(([code]) => code)
    assert.lengthOf(new Set(codes), codes.length)
  })

  it.prop("brings each over the wire as what it was", [failures], ([all]) => {
    assert.sameMembers(Object.keys(all), Object.keys(Errors))
    for (const [tag, sent] of Object.entries(all)) {
      const text = encode(sent)
      const body: unknown = JSON.parse(text)
      const [code, status] = Object.entries(catalogue).find(([name]) => name === tag)?.[1] ?? []
      const details = at(sent, "details")
      assert.deepStrictEqual(
        body,
        { error: sent.message, code, status, ...(details !== undefined && { details }) },
        tag
      )
      assert.deepStrictEqual(Object.keys(Object(body)), [
        "error",
        "code",
        "status",
        ...(details === undefined ? [] : ["details"])
      ])
      const received = Schema.decodeSync(Schema.parseJson(published))(text)
      assert.deepInclude(Object(received), { _tag: tag, message: sent.message, code, status })
      assert.strictEqual(received.details, details)
      assert.instanceOf(received, Error)
      // What was received goes on as it came: a service behind a service changes nothing.
      assert.strictEqual(encode(received), text)
    }
  })

  it.prop("shows no field but the documented ones", [failures], ([{ MethodNotAllowed, UpstreamFailed }]) => {
    for (const failure of [UpstreamFailed, MethodNotAllowed]) {
      const shown = Object.keys(Object(JSON.parse(encode(failure))))
      assert.deepStrictEqual(shown.filter((field) => !["error", "code", "status", "details"].includes(field)), [])
    }
  })

  it.effect("refuses a body whose code or status is another's", () =>
    Effect.gen(function*() {
      const decode = Schema.decodeUnknown(Errors.RouteNotFound)
      const body = { error: "Channel route not found", code: "ROUTE_NOT_FOUND", status: 404 }
      assert.strictEqual((yield* decode(body))._tag, "RouteNotFound")
      for (const wrong of [{ code: "NOT_FOUND" }, { status: 400 }, { error: 7 }, { details: {} }]) {
        assert.strictEqual((yield* Effect.flip(decode({ ...body, ...wrong })))._tag, "ParseError")
      }
    }))
})
