import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { at, failure, notValid } from "./ask.ts"
import { as, Faked, newOrg } from "./service.ts"

const routes = "/api/channel-routes"
const route = { eventType: "sentry.*", channel: "slack", channelId: "C0ERRORS" }
const notFound = { status: 404, body: failure(404, "ROUTE_NOT_FOUND", "Channel route not found") }
const ids = (json: unknown): ReadonlyArray<unknown> => {
  const list = at(json, "routes")
  return Array.isArray(list) ? list.map((one) => at(one, "id")) : []
}

layer(Faked())("channel routes", (it) => {
  it.effect("are created, listed in that order, changed and deleted", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const first = yield* ask("POST", routes, { body: route })
      assert.deepStrictEqual({ status: first.status, body: first.json }, {
        status: 201,
        body: { id: "route-001", ...route, projectId: null, enabled: true, createdAt: "1970-01-01T00:00:00Z" }
      })
      for (const channel of ["whatsapp", "telegram", "discord"]) {
        assert.strictEqual((yield* ask("POST", routes, { body: { ...route, channel, projectId: "p" } })).status, 201)
      }
      assert.deepStrictEqual((yield* ask("GET", routes)).json, {
        routes: [
          { id: "route-001", ...route, projectId: null, enabled: true },
          { id: "route-002", ...route, channel: "whatsapp", projectId: "p", enabled: true },
          { id: "route-003", ...route, channel: "telegram", projectId: "p", enabled: true },
          { id: "route-004", ...route, channel: "discord", projectId: "p", enabled: true }
        ]
      })
      const deleted = yield* ask("DELETE", `${routes}/route-002`)
      assert.deepStrictEqual({ status: deleted.status, body: deleted.json }, {
        status: 200,
        body: { id: "route-002", deleted: true }
      })
      const again = yield* ask("DELETE", `${routes}/route-002`)
      assert.deepStrictEqual({ status: again.status, body: again.json }, notFound)
      assert.deepStrictEqual(ids((yield* ask("GET", routes)).json), ["route-001", "route-003", "route-004"])
    }))

  it.effect("never get an id that another one had", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      yield* Effect.replicateEffect(ask("POST", routes, { body: route }), 2)
      yield* ask("DELETE", `${routes}/route-002`)
      yield* ask("DELETE", `${routes}/route-001`)
      assert.deepStrictEqual((yield* ask("GET", routes)).json, { routes: [] })
      assert.strictEqual(at((yield* ask("POST", routes, { body: route })).json, "id"), "route-003")
    }))

  it.effect("count each organisation's own, and are nobody else's to see or change", () =>
    Effect.gen(function*() {
      const [a, b] = [as(yield* newOrg), as(yield* newOrg)]
      yield* a("POST", routes, { body: { ...route, channelId: "C0A" } })
      yield* b("POST", routes, { body: { ...route, channelId: "C0B" } })
      yield* b("POST", routes, { body: { ...route, channelId: "C0B2" } })
      assert.strictEqual(at((yield* a("GET", routes)).json, "routes", 0, "channelId"), "C0A")
      assert.strictEqual(at((yield* b("GET", routes)).json, "routes", 0, "channelId"), "C0B")
      const strange = [
        yield* a("PATCH", `${routes}/route-002`, { body: { enabled: false } }),
        yield* a("DELETE", `${routes}/route-002`)
      ]
      for (const answer of strange) assert.deepStrictEqual({ status: answer.status, body: answer.json }, notFound)
      yield* a("PATCH", `${routes}/route-001`, { body: { enabled: false } })
      yield* a("DELETE", `${routes}/route-001`)
      const left = yield* b("GET", routes)
      assert.deepStrictEqual(ids(left.json), ["route-001", "route-002"])
      assert.strictEqual(at(left.json, "routes", 0, "enabled"), true)
    }))

  it.effect("change only in what a PATCH says", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      yield* ask("POST", routes, { body: { ...route, projectId: "proj-001" } })
      const patch = (body: unknown) => ask("PATCH", `${routes}/route-001`, { body })
      const expected: Record<string, unknown> = { id: "route-001", ...route, projectId: "proj-001", enabled: true }
      const changes = [
        { enabled: false },
        { eventType: "deploy.*" },
        { channelId: "C0OTHER" },
        { projectId: null },
        {},
        { projectId: "proj-002" },
        { enabled: true, eventType: "*", channelId: "C", projectId: null }
      ]
      for (const change of changes) {
        const answer = yield* patch(change)
        Object.assign(expected, change)
        assert.deepStrictEqual({ status: answer.status, body: answer.json }, { status: 200, body: expected })
        assert.deepStrictEqual((yield* ask("GET", routes)).json, { routes: [expected] })
      }
      for (
        const change of [{ enabled: null }, { eventType: null }, { eventType: "" }, { channelId: "" }, { id: "x" }]
      ) {
        assert.strictEqual((yield* patch(change)).status, 400, JSON.stringify(change))
      }
      assert.deepStrictEqual((yield* ask("GET", routes)).json, { routes: [expected] })
    }))

  it.effect("have exactly one id each: no other spelling of it is one", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      yield* ask("POST", routes, { body: route })
      const others = [
        "route-1",
        "route-0001",
        "route-000",
        "route--01",
        "Route-001",
        "001",
        "route-001%20",
        "route-1e0",
        "route-999",
        "%2e%2e",
        "..%2f..%2fintegrations",
        "route-001%2f",
        "route-99999999999999999999"
      ]
      for (const id of others) {
        for (const method of ["DELETE", "PATCH"]) {
          const answer = yield* ask(method, `${routes}/${id}`, { body: method === "PATCH" ? {} : undefined })
          assert.deepStrictEqual({ status: answer.status, body: answer.json }, notFound, `${method} ${id}`)
        }
      }
      assert.deepStrictEqual(ids((yield* ask("GET", routes)).json), ["route-001"])
    }))

  it.effect("listen to patterns of 1 to 128 permitted characters", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      for (const eventType of ["*", "a", "sentry.*.created", "A-Z_0.*", "a".repeat(128)]) {
        assert.strictEqual((yield* ask("POST", routes, { body: { ...route, eventType } })).status, 201, eventType)
      }
      for (const eventType of ["", "a".repeat(129), "a b", "sentry.?", "a/b", "a,b", "\u00e9", "a\n"]) {
        const answer = yield* ask("POST", routes, { body: { ...route, eventType } })
        assert.deepStrictEqual(
          answer.json,
          notValid("eventType: expected 1 to 128 characters of A-Z a-z 0-9 _ . * -"),
          eventType
        )
      }
    }))

  it.effect("50 created at once get 50 ids in a row", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      const made = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => `C${index}`),
        (channelId) => ask("POST", routes, { body: { ...route, channelId } }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(made.map(({ status }) => status)), new Set([201]))
      const expected = Array.from({ length: 50 }, (_, index) => `route-${String(index + 1).padStart(3, "0")}`)
      assert.deepStrictEqual(made.map(({ json }) => String(at(json, "id"))).toSorted(), expected)
      const listed = (yield* ask("GET", routes)).json
      assert.deepStrictEqual(ids(listed), expected)
      for (const { json } of made) {
        const index = expected.indexOf(String(at(json, "id")))
        assert.strictEqual(at(listed, "routes", index, "channelId"), at(json, "channelId"))
      }
    }))

  it.effect("changed and deleted at once end in one of the two", () =>
    Effect.gen(function*() {
      const ask = as(yield* newOrg)
      yield* ask("POST", routes, { body: route })
      const answers = yield* Effect.all([
        ...Array.from({ length: 10 }, () => ask("PATCH", `${routes}/route-001`, { body: { enabled: false } })),
        ...Array.from({ length: 10 }, () => ask("DELETE", `${routes}/route-001`))
      ], { concurrency: "unbounded" })
      const statuses = answers.map(({ status }) => status)
      assert.deepStrictEqual(statuses.filter((status) => status !== 200 && status !== 404), [])
      assert.lengthOf(statuses.slice(10).filter((status) => status === 200), 1)
      assert.deepStrictEqual((yield* ask("GET", routes)).json, { routes: [] })
    }))
})
