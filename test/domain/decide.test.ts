import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { compile, decide, type Listening, type Miss } from "../../src/domain/ChannelRoute.ts"

const listening = (number: number, changes: Partial<Listening> & { readonly pattern?: string } = {}): Listening => ({
  number,
  enabled: true,
  channel: "slack",
  channelId: `C${number}`,
  projectId: null,
  listensTo: compile(changes.pattern ?? "*"),
  ...changes
})

const misses = (routes: ReadonlyArray<Listening>, type = "deploy.finished", projectId: string | null = "proj-001") =>
  decide(routes, { type, projectId }).map(({ miss }) => miss)

/** Few values, so that routes often meet. */
const routes = FastCheck.array(
  FastCheck.record({
    enabled: FastCheck.boolean(),
    channel: FastCheck.constantFrom("slack", "discord"),
    channelId: FastCheck.constantFrom("C1", "C2"),
    projectId: FastCheck.constantFrom(null, "proj-001", "proj-002"),
    pattern: FastCheck.constantFrom("*", "deploy.*", "deploy.started", "sentry.*")
  }),
  { maxLength: 12 }
).map((all) => all.map((one, index) => ({ ...listening(index + 1, one), ...one })))

const event = FastCheck.record({
  type: FastCheck.constantFrom("deploy.started", "deploy.finished", "sentry.issue.created"),
  projectId: FastCheck.constantFrom(null, "proj-001", "proj-002", "proj-003")
})

describe("decide", () => {
  it("says of each route what keeps it from sending, the first reason first", () => {
    const cases: ReadonlyArray<readonly [Partial<Listening> & { readonly pattern?: string }, Miss | null]> = [
      [{}, null],
      [{ enabled: false, pattern: "sentry.*", projectId: "proj-002" }, "disabled"],
      [{ pattern: "sentry.*", projectId: "proj-002" }, "event-type"],
      [{ projectId: "proj-002" }, "project"],
      [{ projectId: "proj-001" }, null],
      [{ channelId: "C1" }, "same-destination"],
      [{ channelId: "C1", channel: "discord" }, null]
    ]
    assert.deepStrictEqual(
      misses(cases.map(([changes], index) => listening(index + 1, changes))),
      cases.map(([, miss]) => miss)
    )
  })

  it("an event without a project is for routes without one alone", () => {
    assert.deepStrictEqual(
      misses([listening(1), listening(2, { projectId: "proj-001" })], "deploy.finished", null),
      [null, "project"]
    )
  })

  it("a route that does not send leaves its destination to the next", () => {
    const same = { channelId: "C1" }
    assert.deepStrictEqual(
      misses([
        listening(1, { ...same, enabled: false }),
        listening(2, { ...same, pattern: "sentry.*" }),
        listening(3, { ...same, projectId: "proj-002" }),
        listening(4, same),
        listening(5, same)
      ]),
      ["disabled", "event-type", "project", null, "same-destination"]
    )
  })

  it("never takes two destinations for one because their names run together", () => {
    assert.deepStrictEqual(
      misses([
        listening(1, { channel: "a", channelId: "b\",\"c" }),
        listening(2, { channel: "a\",\"b", channelId: "c" }),
        listening(3, { channel: "a", channelId: "b" }),
        listening(4, { channel: "ab", channelId: "" })
      ]),
      [null, null, null, null]
    )
  })

  it.prop("sends to each destination that a listening route names exactly once, by the oldest", [routes, event], (
    [routes, event]
  ) => {
    const decided = decide(routes, event)
    assert.deepStrictEqual(decided.map(({ route }) => route), routes)
    const wanted = routes.filter(({ enabled, pattern, projectId }) =>
      enabled && (pattern === "*" || pattern === event.type || pattern === `${event.type.split(".")[0]}.*`) &&
      (projectId === null || projectId === event.projectId)
    )
    const place = ({ channel, channelId }: Listening) => `${channel} ${channelId}`
    const sending = decided.filter(({ miss }) => miss === null).map(({ route }) => route)
    assert.lengthOf(new Set(sending.map(place)), sending.length)
    assert.deepStrictEqual(new Set(sending.map(place)), new Set(wanted.map(place)))
    for (const route of sending) assert.strictEqual(wanted.find((one) => place(one) === place(route)), route)
    assert.deepStrictEqual(
      decided.filter(({ miss }) => miss === null || miss === "same-destination").map(({ route }) => route),
      wanted
    )
  })
})
