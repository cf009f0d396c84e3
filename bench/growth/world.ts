import { SqlClient } from "@effect/sql"
import { Effect, Schema } from "effect"
import { OrgId } from "../../src/domain/Ids.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { seedHistory } from "../seed/history.ts"
import { addRoutes, webhookSecret } from "../seed/orgs.ts"

/** How much there is. */
export interface World {
  readonly title: string
  /** Each with an integration, ten routes and a destination. */
  readonly orgs: number
  /** Of the organisation that is measured, and so are events. */
  readonly routes: number
  readonly events: number
}

const least = { orgs: 1, routes: 10, events: 0 }

/** One thing grows at a time. */
export const worlds: ReadonlyArray<World> = [
  { title: "1 org, 10 routes, 0 events", ...least },
  { title: "1,000 orgs", ...least, orgs: 1000 },
  { title: "100,000 orgs", ...least, orgs: 100_000 },
  { title: "1,000 routes", ...least, routes: 1000 },
  { title: "10,000 routes", ...least, routes: 10_000 },
  { title: "100 k events", ...least, events: 100_000 },
  { title: "1 M events", ...least, events: 1_000_000 }
]

export const measuredOrg = Schema.decodeSync(OrgId)("org-measured")

const at = "2026-03-21T14:00:00.000Z"

/** Organisations that nobody asks for: their configs are never opened. */
const seedOthers = (count: number) =>
  Effect.gen(function*() {
    if (count === 0) return
    const sql = yield* SqlClient.SqlClient
    const n = sql`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`
    const org = sql`'org-' || printf('%06d', i)`
    yield* sql`INSERT INTO integrations (org_id, integration, key_id, sealed, configured_at)
      ${n} SELECT ${org}, 'sentry', 'bench', hex(randomblob(150)), ${at} FROM n`
    yield* sql`INSERT INTO channel_routes (org_id, number, event_type, channel, channel_id, enabled, created_at)
      ${n}, ten (k) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))
      SELECT ${org}, k, 'sentry.*', 'slack', 'C0' || k, 1, ${at} FROM n, ten`
    yield* sql`INSERT INTO destinations (org_id, channel, channel_id, last_number, wakes)
      ${n} SELECT ${org}, 'slack', 'C01', 1, 1 FROM n`
  })

export const seedWorld = ({ events, orgs, routes }: World) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const integrations = yield* Integrations
    // The sync costs the same whatever there is, and hides what does not.
    yield* sql`PRAGMA synchronous = OFF`
    yield* sql.withTransaction(Effect.gen(function*() {
      yield* seedOthers(orgs - 1)
      yield* integrations.configure(measuredOrg, "sentry", { authToken: "t", organization: "acme", webhookSecret })
      yield* integrations.configure(measuredOrg, "pagerduty", { apiKey: "u+bench" })
      yield* addRoutes(measuredOrg, routes)
    }))
    yield* seedHistory({ orgId: measuredOrg, events, channel: "slack", channelIds: 100, status: "delivered" })
  })
