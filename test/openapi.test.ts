import { HttpApi } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Option, Predicate, Schema } from "effect"
import { Api } from "../src/api/Api.ts"
import { at } from "./http/ask.ts"
import { asNobody, Faked } from "./http/service.ts"

/*
 * Which failures an operation can answer with, by the contract: its section 1 for all, sections 2 to 6 for the rest.
 * Unknown paths and methods belong to no operation.
 */
const always = ["INTERNAL_ERROR", "SERVICE_UNAVAILABLE"]
const org = [...always, "ORG_ID_REQUIRED", "ORG_ID_INVALID", "UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED"]
const body = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "VALIDATION_ERROR"]
const idempotent = ["IDEMPOTENCY_CONFLICT", "VALIDATION_ERROR"]
const vendor = ["INTEGRATION_NOT_CONFIGURED", "UPSTREAM_ERROR", "UPSTREAM_REJECTED"]

const codes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "GET /health": always,
  "GET /health/ready": always,
  "GET /metrics": always,
  "GET /api/integrations/status": org,
  "POST /api/integrations/configure": [...org, ...body, "IDEMPOTENCY_CONFLICT", "UPSTREAM_ERROR", "UPSTREAM_REJECTED"],
  "GET /api/integrations/{id}": [...org, "VALIDATION_ERROR", "INTEGRATION_NOT_CONFIGURED"],
  "DELETE /api/integrations/{id}": [...org, "VALIDATION_ERROR", "INTEGRATION_NOT_CONFIGURED"],
  "GET /api/integrations/pagerduty/oncall": [...org, ...vendor],
  "GET /api/integrations/pagerduty/incidents": [...org, ...vendor, "VALIDATION_ERROR"],
  "POST /api/integrations/pagerduty/incidents/{id}/acknowledge": [
    ...org,
    ...body,
    ...vendor,
    "IDEMPOTENCY_CONFLICT",
    "INCIDENT_NOT_FOUND",
    "INCIDENT_RESOLVED"
  ],
  "GET /api/integrations/linear/teams": [...org, ...vendor],
  "GET /api/integrations/linear/issues": [...org, ...vendor, "VALIDATION_ERROR"],
  "POST /api/integrations/linear/issues": [...org, ...body, ...vendor, "IDEMPOTENCY_CONFLICT"],
  "GET /api/observability/sentry": [...org, ...vendor, "VALIDATION_ERROR"],
  "POST /api/webhooks/sentry": [...always, ...body, "INVALID_SIGNATURE", "RATE_LIMITED"],
  "POST /api/webhooks/pagerduty": [...always, ...body, "INVALID_SIGNATURE", "RATE_LIMITED"],
  "POST /api/webhooks/linear": [...always, ...body, "INVALID_SIGNATURE", "RATE_LIMITED"],
  "GET /api/webhooks/failures": [...org, "VALIDATION_ERROR"],
  "POST /api/events": [...org, ...body, "IDEMPOTENCY_CONFLICT"],
  "GET /api/audit": [...org, "VALIDATION_ERROR"],
  "GET /api/deliveries": [...org, "VALIDATION_ERROR"],
  "GET /api/deliveries/{id}": [...org, "DELIVERY_NOT_FOUND"],
  "POST /api/deliveries/{id}/retry": [...org, ...idempotent, "DELIVERY_NOT_FOUND"],
  "POST /api/deliveries/retry": [...org, ...body, "IDEMPOTENCY_CONFLICT"],
  "GET /api/agents": org,
  "GET /api/agents/{id}/incidents": [...org, "VALIDATION_ERROR", "AGENT_NOT_FOUND"],
  "PUT /api/agents/{id}/endpoint": [...org, ...body, "AGENT_NOT_FOUND"],
  "DELETE /api/agents/{id}/endpoint": [...org, "AGENT_NOT_FOUND"],
  "GET /api/channel-routes": org,
  "POST /api/channel-routes": [...org, ...body, "IDEMPOTENCY_CONFLICT"],
  "PATCH /api/channel-routes/{id}": [...org, ...body, "ROUTE_NOT_FOUND"],
  "DELETE /api/channel-routes/{id}": [...org, "ROUTE_NOT_FOUND"],
  "POST /api/channel-routes/preview": [...org, ...body],
  "POST /api/channel-routes/{id}/test": [...org, ...idempotent, "ROUTE_NOT_FOUND"]
}

/** The scopes that are not their method's: `read` for GET, `write` for the rest. */
const scopes: Readonly<Record<string, string>> = {
  "GET /api/audit": "admin",
  "POST /api/integrations/configure": "admin",
  "GET /api/integrations/{id}": "admin",
  "DELETE /api/integrations/{id}": "admin",
  "PUT /api/agents/{id}/endpoint": "admin",
  "DELETE /api/agents/{id}/endpoint": "admin",
  "POST /api/channel-routes/preview": "read"
}

/** The statuses of success that are not 200. */
const statuses: Readonly<Record<string, string>> = {
  "POST /api/channel-routes": "201",
  "POST /api/integrations/linear/issues": "201",
  "POST /api/events": "202"
}

/** What an endpoint takes and gives, from the API itself. */
const endpoints = (() => {
  const found = new Map<
    string,
    { readonly payload: Option.Option<Schema.Schema.All>; readonly success: Schema.Schema.All }
  >()
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) =>
      void found.set(`${endpoint.method} ${endpoint.path.replaceAll(/:(\w+)/g, "{$1}")}`, {
        payload: endpoint.payloadSchema,
        success: endpoint.successSchema
      })
  })
  return found
})()

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  Predicate.isObject(value) ? Object.entries(value) : []

const operationsOf = (document: unknown) =>
  entriesOf(at(document, "paths")).flatMap(([path, methods]) =>
    entriesOf(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation }))
  )

/** Follows a reference into the document's components. */
const resolved = (document: unknown, schema: unknown): unknown => {
  const ref = at(schema, "$ref")
  if (typeof ref === "string") return at(document, ...ref.split("/").slice(1))
  // A reference with a description of its own.
  const [only, ...more] = Object.values(Object(at(schema, "allOf")))
  return only === undefined || more.length > 0 ? schema : resolved(document, only)
}

const alternatives = (document: unknown, schema: unknown): ReadonlyArray<unknown> => {
  const whole = resolved(document, schema)
  const anyOf = at(whole, "anyOf")
  return Array.isArray(anyOf) ? anyOf.flatMap((one) => alternatives(document, one)) : [whole]
}

/** Every property name that a schema can hold, references followed. */
const propertiesOf = (document: unknown, schema: unknown, within: ReadonlySet<unknown> = new Set()): Set<string> => {
  const whole = resolved(document, schema)
  if (!Predicate.isObject(whole) || within.has(whole)) return new Set()
  const names = new Set(entriesOf(at(whole, "properties")).map(([name]) => name))
  for (const [, child] of entriesOf(whole)) {
    for (const [, one] of [["", child], ...entriesOf(child)] as const) {
      for (const name of propertiesOf(document, one, new Set([...within, whole]))) names.add(name)
    }
  }
  return names
}

/** The documented failures under a status. The platform's own has a test of its own below. */
const failuresIn = (document: unknown, answer: unknown): ReadonlyArray<unknown> => {
  const platforms = at(document, "components", "schemas", "HttpApiDecodeError")
  return alternatives(document, at(answer, "content", "application/json", "schema")).filter((one) => one !== platforms)
}

const isText = (value: unknown) => typeof value === "string" && value.trim() !== ""

const decode = (schema: Schema.Schema.All, example: unknown) =>
  Schema.decodeUnknown(Schema.make<unknown, unknown, never>(schema.ast))(example, { onExcessProperty: "error" })

const theDocument = Effect.map(asNobody("GET", "/openapi.json"), ({ json }) => json)

layer(Faked())("the OpenAPI document", (it) => {
  it.effect("describes exactly the operations of the table", () =>
    Effect.gen(function*() {
      const document = yield* theDocument
      assert.sameMembers(operationsOf(document).map(({ name }) => name), Object.keys(codes))
      assert.sameMembers([...endpoints.keys()], Object.keys(codes))
      assert.isTrue(isText(at(document, "info", "title")) && isText(at(document, "info", "description")))
    }))

  it.effect("declares every error that an operation can return, and no other", () =>
    Effect.gen(function*() {
      const document = yield* theDocument
      for (const { name, operation } of operationsOf(document)) {
        const failures = entriesOf(at(operation, "responses")).filter(([status]) => !status.startsWith("2"))
        const declared = failures.flatMap(([status, answer]) =>
          failuresIn(document, answer).map((schema) => {
            assert.deepStrictEqual(at(schema, "properties", "status", "enum"), [Number(status)], `${name} ${status}`)
            return String(at(schema, "properties", "code", "enum", 0))
          })
        )
        assert.sameMembers(declared, [...codes[name] ?? []], name)
      }
    }))

  it.effect("shows every error in the documented shape, with an example", () =>
    Effect.gen(function*() {
      const document = yield* theDocument
      for (const { name, operation } of operationsOf(document)) {
        for (const [status, answer] of entriesOf(at(operation, "responses"))) {
          assert.isTrue(isText(at(answer, "description")), `${name} ${status}`)
          if (status.startsWith("2")) continue
          for (const schema of failuresIn(document, answer)) {
            const fields = entriesOf(at(schema, "properties")).map(([field]) => field)
            assert.sameMembers(fields, ["error", "code", "status", "details"], `${name} ${status}`)
            assert.sameMembers(Object.values(Object(at(schema, "required"))), ["error", "code", "status"])
            assert.strictEqual(at(schema, "additionalProperties"), false)
            assert.isTrue(isText(at(schema, "description")), `${name} ${status}`)
            assert.strictEqual(at(schema, "examples", 0, "status"), Number(status), `${name} ${status}`)
          }
        }
      }
    }))

  it.effect("has the platform's own decode error nowhere", () =>
    Effect.gen(function*() {
      const { text } = yield* asNobody("GET", "/openapi.json")
      assert.notInclude(text, "HttpApiDecodeError")
    }))

  it.effect("says of every operation and parameter what it is", () =>
    Effect.gen(function*() {
      const document = yield* theDocument
      for (const { name, operation } of operationsOf(document)) {
        for (const field of ["summary", "description", "operationId"]) {
          assert.isTrue(isText(at(operation, field)), `${name} ${field}`)
        }
        for (const [, parameter] of entriesOf(at(operation, "parameters"))) {
          const described = isText(at(parameter, "description")) ||
            isText(at(resolved(document, at(parameter, "schema")), "description"))
          assert.isTrue(described, `${name} ${String(at(parameter, "name"))}`)
        }
      }
      assert.isAbove(entriesOf(at(document, "tags")).length, 4)
      for (const [, tag] of entriesOf(at(document, "tags"))) assert.isTrue(isText(at(tag, "description")))
    }))

  it.effect("says of every named schema what it is", () =>
    Effect.gen(function*() {
      const schemas = entriesOf(at(yield* theDocument, "components", "schemas"))
      assert.isAbove(schemas.length, 20)
      const silent = schemas.filter(([, schema]) => !isText(at(schema, "description"))).map(([name]) => name)
      assert.deepStrictEqual(silent, [])
    }))

  it.effect("shows of every success an example that its schema takes", () =>
    Effect.gen(function*() {
      for (const { name, operation } of operationsOf(yield* theDocument)) {
        const [success, ...more] = entriesOf(at(operation, "responses")).filter(([status]) => status.startsWith("2"))
        assert.lengthOf(more, 0, name)
        assert.strictEqual(success?.[0], statuses[name] ?? "200", name)
        const endpoint = endpoints.get(name)
        if (endpoint === undefined) return assert.fail(name)
        const [[, media] = ["", undefined]] = entriesOf(at(success?.[1], "content"))
        yield* decode(endpoint.success, at(media, "example"))
      }
    }))

  it.effect("shows of every body an example that its schema takes", () =>
    Effect.gen(function*() {
      for (const { name, operation } of operationsOf(yield* theDocument)) {
        const payload = Option.flatten(Option.map(Option.fromNullable(endpoints.get(name)), ({ payload }) => payload))
        assert.strictEqual(Option.isSome(payload), at(operation, "requestBody") !== undefined, name)
        if (Option.isNone(payload)) continue
        const example = at(operation, "requestBody", "content", "application/json", "example")
        assert.isTrue(Predicate.isObject(example), name)
        yield* decode(payload.value, example)
      }
    }))

  it.effect("shows the Idempotency-Key on every POST that creates or sends", () =>
    Effect.gen(function*() {
      const taking = operationsOf(yield* theDocument).flatMap(({ name, operation }) => {
        const keys = entriesOf(at(operation, "parameters")).filter(([, one]) => at(one, "name") === "idempotency-key")
        for (const [, one] of keys) assert.deepInclude(Object(one), { in: "header", required: false }, name)
        assert.isAtMost(keys.length, 1, name)
        return keys.map(() => name)
      })
      const posts = Object.keys(codes).filter((name) =>
        name.startsWith("POST ") && !name.includes("/webhooks/") && !name.endsWith("/preview")
      )
      assert.sameMembers(taking, posts)
    }))

  it.effect("has a secret in no success", () =>
    Effect.gen(function*() {
      const document = yield* theDocument
      const secret = /token|secret|api_?key|password/i
      for (const { name, operation } of operationsOf(document)) {
        for (const [status, answer] of entriesOf(at(operation, "responses"))) {
          if (!status.startsWith("2")) continue
          const names = propertiesOf(document, at(answer, "content", "application/json", "schema"))
          assert.deepStrictEqual([...names].filter((field) => secret.test(field)), [], name)
        }
      }
      // The same look finds them where they belong.
      const request = at(document, "paths", "/api/integrations/configure", "post", "requestBody", "content")
      const sent = propertiesOf(document, at(request, "application/json", "schema"))
      for (const field of ["apiKey", "authToken", "botToken", "webhookSecret"]) assert.isTrue(sent.has(field), field)
    }))

  it.effect("asks for the organisation and a token on every operation of the API", () =>
    Effect.gen(function*() {
      const document = yield* theDocument
      const schemes = at(document, "components", "securitySchemes")
      assert.deepInclude(Object(at(schemes, "org")), { type: "apiKey", in: "header", name: "x-org-id" })
      assert.deepInclude(Object(at(schemes, "token")), { type: "http", scheme: "bearer" })
      assert.lengthOf(entriesOf(schemes), 2)
      for (const { name, operation } of operationsOf(document)) {
        const open = /\/(?:health|metrics)\b/.test(name) || (name.includes("/webhooks/") && !name.endsWith("/failures"))
        // One requirement with both: two would be alternatives.
        const expected = open
          ? []
          : [{ org: [], token: [scopes[name] ?? (name.startsWith("GET ") ? "read" : "write")] }]
        assert.deepStrictEqual(at(operation, "security"), expected, name)
      }
    }))

  it.effect("says of every operation that asks for a token which scope it needs", () =>
    Effect.gen(function*() {
      for (const { name, operation } of operationsOf(yield* theDocument)) {
        const [scope] = Object.values(Object(at(operation, "security", 0, "token")))
        const said = /Scope: `(\w+)`\.$/.exec(String(at(operation, "description")))?.[1]
        assert.strictEqual(said, scope, name)
      }
    }))

  it.effect("is shown on a page that loads nothing from elsewhere", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* asNobody("GET", "/docs")
      assert.strictEqual(status, 200)
      assert.match(headers["content-type"] ?? "", /^text\/html/)
      assert.include(text, "/api/channel-routes")
      const tags = [...text.matchAll(/<(?:script|link|img|iframe)\b[^>]*>/gi)].map(([tag]) => tag)
      assert.isAbove(tags.length, 0)
      assert.deepStrictEqual(tags.filter((tag) => /(?:src|href)\s*=\s*["']?\s*(?:https?:)?\/\//i.test(tag)), [])
      const styles = [...text.matchAll(/<style\b[^>]*>(.*?)<\/style>/gis)].map(([, css = ""]) => css).join("\n")
      assert.notMatch(styles, /(?:url\(\s*["']?|@import\s+["']?)(?:https?:)?\/\//i)
    }))
})
