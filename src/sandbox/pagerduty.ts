import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { DateTime, Effect, Option, Order, Ref, Schema } from "effect"
import { inZone, makeRender, type PagerDutyIncident, type PagerDutySeed } from "./pagerdutyRecords.ts"
import { pagerDutySeed } from "./seed.ts"
import { makeStandIn, Refused, searchParams, type StandIn, type StartedIn } from "./StandIn.ts"

export type { PagerDutySeed } from "./pagerdutyRecords.ts"

// 960 requests a minute per account key is the published limit.
const withQuota = HttpServerResponse.setHeaders({
  "ratelimit-limit": "960",
  "ratelimit-remaining": "958",
  "ratelimit-reset": "43"
})
const json = (body: unknown, status = 200) => withQuota(HttpServerResponse.unsafeJson(body, { status }))
const failure = (status: number, code: number, message: string, errors?: ReadonlyArray<string>) =>
  json({ error: { message, code, ...(errors === undefined ? {} : { errors }) } }, status)
const refuse = (...args: Parameters<typeof failure>) => new Refused({ response: failure(...args) })
const invalid = (...errors: ReadonlyArray<string>) => refuse(400, 2001, "Invalid Input Provided", errors)
const unknownIncident = refuse(404, 5001, "Incident Not Found")

const accountLevel = "Because this request was made using an account-level access token, we were unable to determine " +
  "the user's identity. Please use a user-level token."

const Change = Schema.Struct({
  id: Schema.optional(Schema.String),
  type: Schema.Literal("incident", "incident_reference"),
  status: Schema.Literal("acknowledged", "resolved")
})
type Change = typeof Change.Type
const ChangeOne = Schema.Struct({ incident: Change })
const ChangeMany = Schema.Struct({ incidents: Schema.Array(Change).pipe(Schema.maxItems(250)) })
const NewNote = Schema.Struct({ note: Schema.Struct({ content: Schema.NonEmptyString }) })

const incidentOrders: Readonly<Record<string, Order.Order<PagerDutyIncident>>> = {
  incident_number: Order.mapInput(Order.number, (one) => one.number),
  created_at: Order.mapInput(Order.string, (one) => one.createdAt),
  resolved_at: Order.mapInput(Order.string, (one) => one.resolvedAt ?? ""),
  urgency: Order.mapInput(Order.string, (one) => one.urgency)
}

const paged = <A>(query: URLSearchParams, all: ReadonlyArray<A>) =>
  Effect.gen(function*() {
    const limit = Math.min(Number(query.get("limit") ?? 25), 100)
    const offset = Number(query.get("offset") ?? 0)
    if (!Number.isInteger(limit) || !Number.isInteger(offset) || limit < 1 || offset < 0) {
      return yield* invalid("limit and offset must be positive integers")
    }
    if (offset + limit > 10_000) return yield* invalid("Offset and limit must sum to 10000 or less.")
    return {
      rows: all.slice(offset, offset + limit),
      limit,
      offset,
      more: offset + limit < all.length,
      total: query.get("total") === "true" ? all.length : null
    }
  })

/** How to start PagerDuty; `now` is the clock that stamps what happens to incidents, by default the stand-in's. */
export interface PagerDutyOptions {
  readonly port?: number
  readonly seed?: PagerDutySeed
  readonly now?: Effect.Effect<DateTime.Utc>
}

/** PagerDuty REST v2. */
export const makePagerDuty = (options: PagerDutyOptions = {}): StartedIn<StandIn> =>
  Effect.gen(function*() {
    const seed = options.seed ?? pagerDutySeed
    const render = makeRender(seed)
    const incidents = yield* Ref.make(seed.incidents)
    const now = Effect.map(options.now ?? DateTime.now, (at) => inZone(DateTime.formatIso(at), "UTC"))

    const caller = Effect.gen(function*() {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const [, scheme, value] = /^(Token token=|Bearer )(\S+)$/.exec(headers.authorization ?? "") ?? []
      const key = value === undefined ? undefined : seed.keys[value]
      if (key === undefined || (key.kind === "oauth") !== (scheme === "Bearer ")) {
        return yield* refuse(401, 2006, "Authentication failed")
      }
      return key
    })

    /** Account keys name the acting user in `From`; for user keys it is optional, but still must be a user. */
    const actor = Effect.gen(function*() {
      const key = yield* caller
      const { from } = (yield* HttpServerRequest.HttpServerRequest).headers
      if (from === undefined) {
        return key.kind === "account" ? yield* invalid("From header is required for this request") : key.userId
      }
      const user = seed.users.find((one) => one.email.toLowerCase() === from.toLowerCase())
      return user === undefined ? yield* refuse(400, 1008, "Requester User Not Found") : user.id
    })

    const body = <A, I>(schema: Schema.Schema<A, I>) =>
      HttpServerRequest.schemaBodyJson(schema).pipe(Effect.mapError((problem) => invalid(problem.message)))
    const includes = Effect.map(searchParams, (query) => new Set(query.getAll("include[]")))

    const find = Effect.gen(function*() {
      const { id } = yield* HttpRouter.params
      const found = (yield* Ref.get(incidents)).find((one) => one.id === id || String(one.number) === id)
      return found === undefined ? yield* unknownIncident : found
    })

    const changed = (one: PagerDutyIncident, change: Change, userId: string, at: string): PagerDutyIncident =>
      change.status === "resolved" ? { ...one, status: "resolved", resolvedAt: at, acknowledged: null } : {
        ...one,
        status: "acknowledged",
        resolvedAt: null,
        acknowledged: { at, userId },
        // Since 2025-09-18 acknowledging a resolved incident reopens it and assigns it to whoever acknowledged.
        assigneeIds: one.status === "resolved" ? [userId] : one.assigneeIds
      }

    /** All or nothing, as the vendor's bulk update. */
    const apply = (changes: ReadonlyArray<readonly [PagerDutyIncident, Change]>, userId: string) =>
      Effect.gen(function*() {
        const at = yield* now
        const after = new Map(changes.map(([one, change]) => [one.id, changed(one, change, userId, at)]))
        yield* Ref.update(incidents, (all) => all.map((one) => after.get(one.id) ?? one))
        return [...after.values()]
      })

    const since = (months: number, at: string) =>
      inZone(DateTime.formatIso(DateTime.subtract(DateTime.unsafeMake(at), { months })), "UTC")

    const list = Effect.gen(function*() {
      const query = yield* searchParams
      const at = yield* now
      const any = (name: string, value: string) => {
        const wanted = query.getAll(name)
        return wanted.length === 0 || wanted.includes(value)
      }
      const unknownStatus = query.getAll("statuses[]")
        .filter((status) => !["triggered", "acknowledged", "resolved"].includes(status))
      if (unknownStatus.length > 0) return yield* invalid(`Invalid status: ${unknownStatus.join(", ")}`)
      const instant = (name: string, otherwise: string) =>
        Option.match(DateTime.make(query.get(name) ?? otherwise), {
          onNone: () => invalid(`${name} is not a date`),
          onSome: (moment) => Effect.succeed(inZone(DateTime.formatIso(moment), "UTC"))
        })
      // The default window is the last month and the widest is six, unless date_range=all.
      const all = query.get("date_range") === "all"
      const [from, until] = [yield* instant("since", since(1, at)), yield* instant("until", at)]
      if (!all && from < since(6, until)) return yield* invalid("Date range must be less than 6 months")
      const keys = (query.get("sort_by") ?? "incident_number").split(",")
      const orders = keys.flatMap((key) => {
        const [field = "", direction = "asc"] = key.split(":")
        const order = incidentOrders[field]
        return order === undefined ? [] : [direction === "desc" ? Order.reverse(order) : order]
      })
      if (orders.length < keys.length || keys.length > 2) return yield* invalid("Invalid sort_by")
      const matching = (yield* Ref.get(incidents)).filter((one) =>
        any("statuses[]", one.status) && any("service_ids[]", one.serviceId) && any("urgencies[]", one.urgency) &&
        (!query.has("user_ids[]") || one.assigneeIds.some((id) => any("user_ids[]", id))) &&
        (all || (one.createdAt >= from && one.createdAt <= until))
      )
      const { rows, ...paging } = yield* paged(query, matching.toSorted(Order.combineAll(orders)))
      const included = yield* includes
      return json({ incidents: rows.map((one) => render.incident(one, included)), ...paging })
    })

    const app = HttpRouter.empty.pipe(
      HttpRouter.get(
        "/users/me",
        Effect.map(caller, (key) =>
          key.kind === "account"
            ? json({ error: accountLevel }, 400)
            : json({ user: render.user(key.userId, true) }))
      ),
      HttpRouter.get("/abilities", Effect.succeed(json({ abilities: ["sso", "advanced_reports", "teams"] }))),
      HttpRouter.get(
        "/users",
        Effect.gen(function*() {
          const query = yield* searchParams
          const text = (query.get("query") ?? "").toLowerCase()
          const { rows, ...paging } = yield* paged(
            query,
            seed.users.filter((one) => `${one.name} ${one.email}`.toLowerCase().includes(text))
          )
          return json({ users: rows.map((one) => render.user(one.id, true)), ...paging })
        })
      ),
      HttpRouter.get(
        "/services/:id",
        Effect.gen(function*() {
          const { id } = yield* HttpRouter.params
          const found = seed.services.find((one) => one.id === id)
          return found === undefined
            ? yield* refuse(404, 5002, "Service Not Found")
            : json({ service: render.service(found) })
        })
      ),
      HttpRouter.get(
        "/oncalls",
        Effect.gen(function*() {
          const query = yield* searchParams
          const policies = query.getAll("escalation_policy_ids[]")
          const schedules = query.getAll("schedule_ids[]")
          const { rows, ...paging } = yield* paged(
            query,
            seed.oncalls.filter((one) =>
              (policies.length === 0 || policies.includes(one.escalationPolicyId)) &&
              // `schedule_ids[]=null` selects permanent entries.
              (schedules.length === 0 || schedules.includes(one.scheduleId ?? "null"))
            )
          )
          const zone = query.get("time_zone") ?? seed.timeZone
          const included = yield* includes
          return json({ oncalls: rows.map((one) => render.oncall(one, included, zone)), ...paging })
        })
      ),
      HttpRouter.get("/incidents", list),
      HttpRouter.get(
        "/incidents/:id",
        Effect.zipWith(find, includes, (one, included) => json({ incident: render.incident(one, included) }))
      ),
      HttpRouter.put(
        "/incidents/:id",
        Effect.gen(function*() {
          const userId = yield* actor
          const { incident: change } = yield* body(ChangeOne)
          const [after] = yield* apply([[yield* find, change]], userId)
          const included = yield* includes
          return after === undefined ? yield* unknownIncident : json({ incident: render.incident(after, included) })
        })
      ),
      HttpRouter.put(
        "/incidents",
        Effect.gen(function*() {
          const userId = yield* actor
          const { incidents: changes } = yield* body(ChangeMany)
          const all = yield* Ref.get(incidents)
          const pairs = yield* Effect.forEach(changes, (change) => {
            const found = all.find((one) => one.id === change.id)
            return found === undefined ? unknownIncident : Effect.succeed([found, change] as const)
          })
          const after = yield* apply(pairs, userId)
          const included = yield* includes
          return json({ incidents: after.map((one) => render.incident(one, included)) })
        })
      ),
      HttpRouter.get("/incidents/:id/notes", Effect.map(find, (one) => json({ notes: one.notes.map(render.note) }))),
      HttpRouter.post(
        "/incidents/:id/notes",
        Effect.gen(function*() {
          const userId = yield* actor
          const { note: { content } } = yield* body(NewNote)
          const one = yield* find
          const note = { id: `${one.id}N${one.notes.length + 1}`, userId, content, createdAt: yield* now }
          yield* Ref.update(incidents, (all) =>
            all.map((other) => other.id === one.id ? { ...other, notes: [...other.notes, note] } : other))
          // 200, not 201.
          return json({ note: render.note(note) })
        })
      ),
      HttpRouter.use((handler) =>
        Effect.zipRight(caller, handler)
      )
    )

    return yield* makeStandIn({
      vendor: "pagerduty",
      app,
      notFound: failure(404, 2100, "Not Found"),
      throttled: (seconds) =>
        HttpServerResponse.unsafeJson({ error: { message: "Rate Limit Exceeded", code: 2020 } }, {
          status: 429,
          headers: { "ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": String(seconds) }
        }),
      failed: (status) => failure(status, status >= 500 ? 2000 : 2001, "Internal Server Error"),
      lying: json({ status: "ok" })
    }, options)
  })
