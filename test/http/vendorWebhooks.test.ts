import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck, TestClock } from "effect"
import { signatureHeaders } from "../../src/sandbox/signature.ts"
import { at } from "./ask.ts"
import { as, newOrg } from "./service.ts"
import { configureSecrets, deliver, eventsOf, FakedNow, post, signer, vendors } from "./webhookVendors.ts"

const code = (answer: { readonly json: unknown }) => at(answer.json, "code")

layer(FakedNow)("webhooks of every vendor", (it) => {
  it.effect("are taken with the signatures of the fact sheet", () =>
    Effect.gen(function*() {
      const vectors = [
        [
          "pagerduty",
          "pd-secret",
          `{"event":{"id":"01EVT","event_type":"incident.acknowledged","data":{"title":"Größe — 🔥"}}}`,
          { "x-pagerduty-signature": "v1=df6828e6c6eca1b31455a3b30f77ff231f830ff09e7cb0a74316028e1d80cd47" },
          "incident.acknowledged"
        ],
        [
          "linear",
          "lin-secret",
          `{"action":"create","type":"Issue","webhookTimestamp":1767225600000,"data":{"title":"Größe — 🔥"}}`,
          { "linear-signature": "bd2119f3476d06fa4debb9e31bd47243c5e871f09d69deb1d081559d70f7e2d7" },
          "linear.issue.create"
        ],
        [
          "sentry",
          "sentry-client-secret",
          `{"action":"triggered","installation":{"uuid":"a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},` +
          `"data":{"event":{"project":1,"received":1566248777.0,"title":"Gr\\u00f6\\u00dfe"},"triggered_rule":"R"},` +
          `"actor":{"type":"application","id":"sentry","name":"Sentry"}}`,
          { "sentry-hook-signature": "147dcffdfb38404f6c45b496616237abb2a3da5dd79b729aea9ad21aec4d500e" },
          "sentry.event_alert.triggered"
        ]
      ] as const
      for (const [vendor, webhookSecret, body, headers, type] of vectors) {
        const orgId = yield* newOrg
        yield* configureSecrets(orgId, vendor, { webhookSecret })
        const answer = yield* post(vendor, body, { headers })
        assert.deepStrictEqual([answer.status, at(answer.json, "received")], [200, true], answer.text)
        const rows = yield* eventsOf(orgId)
        assert.deepStrictEqual(rows.map((row) => [row["source"], row["type"], row["body"]]), [[vendor, type, body]])
      }
    }))

  it.effect("are stored as they came, whatever their bytes", () =>
    Effect.gen(function*() {
      const text = (body: string) => new TextEncoder().encode(body)
      const bodies: ReadonlyArray<readonly [string, Uint8Array]> = [
        ["duplicate keys", text(`{"action":"created","action":"resolved","type":"Issue","event":{"id":1,"id":2}}`)],
        ["floats", text(`{"data":{"issue":{"id":1.0,"x":1566248777.0}},"event":{"id":1e400}}`)],
        ["escapes", text(`{"data":{"title":"\\u0000\\ud800\\uDFFF \\u2028"},"event":{"data":{"title":"\\u0000"}}}`)],
        ["nesting", text(`{"data":${"[".repeat(10_000)}${"]".repeat(10_000)},"event":{"data":{}}}`)],
        ["deep objects", text(`${`{"data":`.repeat(10_000)}1${"}".repeat(10_000)}`)],
        ["invalid UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
        ["a byte order mark", new Uint8Array([0xef, 0xbb, 0xbf, ...text(`{"action":"created"}`)])],
        ["no JSON", text("<xml/>")],
        ["an odd value", text("null")],
        ["a zero byte", new Uint8Array([0x00])],
        ["emptiness", new Uint8Array()],
        ["a mebibyte", text(`{"action":"${"x".repeat(1024 * 1024 - 13)}"}`)]
      ]
      for (const vendor of vendors) {
        const { orgId, secret } = yield* signer(vendor)
        for (const [name, body] of bodies) {
          for (const chunked of [false, true]) {
            const answer = yield* deliver(vendor, secret, body, { search: `?org=${orgId}`, chunked })
            assert.strictEqual(answer.status, 200, `${vendor} ${name} ${answer.text}`)
          }
        }
        const kept = (yield* eventsOf(orgId)).map((row) => row["body"])
        assert.sameMembers(kept, bodies.map(([, body]) => new TextDecoder().decode(body).replaceAll("\0", "\ufffd")))
      }
    }))

  it.effect("are taken with the right signature and no other, whatever their bytes", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const { orgId, secret } = yield* signer(vendor)
        const search = `?org=${orgId}`
        const samples = FastCheck.sample(
          FastCheck.tuple(
            FastCheck.oneof(FastCheck.uint8Array({ minLength: 1 }), FastCheck.json().map((text) => Buffer.from(text))),
            FastCheck.nat(),
            FastCheck.integer({ min: 1, max: 255 })
          ),
          25
        )
        for (const [body, where, by] of samples) {
          assert.strictEqual((yield* deliver(vendor, secret, body, { search })).status, 200)
          const before = (yield* eventsOf(orgId)).length
          const changed = Uint8Array.from(body, (byte, index) => index === where % body.length ? byte ^ by : byte)
          const answer = yield* post(vendor, changed, { search, headers: signatureHeaders[vendor](secret, body) })
          assert.deepStrictEqual([answer.status, code(answer)], [401, "INVALID_SIGNATURE"])
          assert.strictEqual((yield* eventsOf(orgId)).length, before)
        }
      }
    }))

  it.effect("are taken under the secret and the one before it, and no longer under one before that", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const { orgId, secret } = yield* signer(vendor)
        const next = `next-${secret}`
        yield* configureSecrets(orgId, vendor, { webhookSecret: next, webhookSecretPrevious: secret })
        assert.strictEqual((yield* deliver(vendor, secret, `{"a":1}`)).status, 200, vendor)
        assert.strictEqual((yield* deliver(vendor, next, `{"a":2}`)).status, 200, vendor)
        yield* configureSecrets(orgId, vendor, { webhookSecret: next })
        assert.strictEqual((yield* deliver(vendor, secret, `{"a":3}`)).status, 401, vendor)
        yield* as(orgId)("DELETE", `/api/integrations/${vendor}`)
        assert.strictEqual((yield* deliver(vendor, next, `{"a":4}`)).status, 401, vendor)
        assert.lengthOf(yield* eventsOf(orgId), 2)
      }
    }))

  it.effect("of two organisations with one secret are a 400 that says so", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const [{ orgId, secret }, other] = [yield* signer(vendor), yield* newOrg]
        yield* configureSecrets(other, vendor, { webhookSecret: secret })
        const answer = yield* deliver(vendor, secret, "{}")
        assert.deepStrictEqual([answer.status, code(answer)], [400, "VALIDATION_ERROR"], vendor)
        assert.match(String(at(answer.json, "details")), /^org: several organisations share .*\?org=/)
        assert.strictEqual((yield* deliver(vendor, secret, "{}", { headers: { "x-org-id": other } })).status, 200)
        assert.deepStrictEqual([(yield* eventsOf(orgId)).length, (yield* eventsOf(other)).length], [0, 1])
      }
    }))

  it.effect("without a signature, or with one that is none, are refused in the documented shape", () =>
    Effect.gen(function*() {
      for (const vendor of vendors) {
        const { orgId, secret } = yield* signer(vendor)
        const [[header, good] = ["", ""]] = Object.entries(signatureHeaders[vendor](secret, "{}"))
        const missing = yield* post(vendor, "{}", { search: `?org=${orgId}` })
        assert.deepStrictEqual(missing.json, {
          error: "The webhook signature could not be verified",
          code: "INVALID_SIGNATURE",
          status: 401,
          details: `${header}: the header is missing`
        })
        for (
          const odd of ["", "abc", good.slice(0, -1), `${good}0`, "g".repeat(64), "\u00e9".repeat(64), "v1=", "v2="]
        ) {
          const answer = yield* post(vendor, "{}", { headers: { [header]: odd } })
          assert.strictEqual(answer.status, 401, `${vendor} ${odd}`)
          assert.match(
            String(at(answer.json, "details")),
            /: the header is malformed, expected .*64 hexadecimal digits/
          )
        }
        assert.lengthOf(yield* eventsOf(orgId), 0)
        // One vendor's secret is not another's.
        for (const other of vendors) {
          if (other !== vendor) assert.strictEqual((yield* deliver(other, secret, "{}")).status, 401)
        }
      }
    }))

  it.effect("come with several signatures from PagerDuty", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer("pagerduty")
      const header = "x-pagerduty-signature"
      const by = (key: string, body: string) => signatureHeaders.pagerduty(key, body)[header]
      const send = (body: string, signature: string) => post("pagerduty", body, { headers: { [header]: signature } })
      assert.strictEqual((yield* send("1", `${by("old", "1")},${by(secret, "1")}`)).status, 200)
      assert.strictEqual((yield* send("2", `v2=${"0".repeat(64)}, ${by(secret, "2")}`)).status, 200)
      assert.strictEqual((yield* send("3", `${by("old", "3")},${by("older", "3")}`)).status, 401)
      assert.strictEqual((yield* send("4", `v2=${by(secret, "4").slice(3)}`)).status, 401)
      assert.lengthOf(yield* eventsOf(orgId), 2)
    }))

  it.effect("are routed to an agent as PagerDuty's incidents are, and only once", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer("pagerduty")
      const told = (id: string, event_type: string, more: object = {}) =>
        JSON.stringify({ event: { id, event_type, data: { id: "P1", type: "incident", ...more } } })
      const first = yield* deliver("pagerduty", secret, told("1", "incident.triggered"))
      assert.strictEqual(at(first.json, "routed"), true)
      const again = yield* deliver("pagerduty", secret, told("1", "incident.triggered", { again: true }), {
        headers: { "x-webhook-id": "another" }
      })
      assert.strictEqual(again.text, first.text)
      for (const [id, type] of [["2", "pagey.ping"], ["3", "service.updated"], ["4", "incident.annotated"]] as const) {
        const answer = yield* deliver("pagerduty", secret, told(id, type))
        assert.strictEqual(answer.text, `{"received":true,"routed":false,"agentId":null}`)
      }
      assert.deepStrictEqual((yield* eventsOf(orgId)).map((row) => row["type"]), [
        "incident.triggered",
        "pagey.ping",
        "service.updated",
        "incident.annotated"
      ])
    }))

  it.effect("of Linear are refused when they were signed too long ago, and once is enough", () =>
    Effect.gen(function*() {
      const { orgId, secret } = yield* signer("linear")
      const now = yield* TestClock.currentTimeMillis
      const stamped = (agoMs: number, more: object = {}) =>
        JSON.stringify({ action: "create", type: "Issue", webhookTimestamp: now - agoMs, ...more })
      const day = 24 * 60 * 60 * 1000
      for (const ago of [0, day, -60_000]) {
        assert.strictEqual((yield* deliver("linear", secret, stamped(ago))).status, 200)
      }
      for (const ago of [day + 1, -60_001]) {
        const answer = yield* deliver("linear", secret, stamped(ago, { ago }))
        assert.deepStrictEqual([answer.status, code(answer)], [401, "INVALID_SIGNATURE"])
        assert.match(String(at(answer.json, "details")), /^webhookTimestamp: /)
      }
      assert.lengthOf(yield* eventsOf(orgId), 1)
    }))
})
