import { SqlClient } from "@effect/sql"
import { Array, Effect, Schema } from "effect"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { OrgId } from "../../src/domain/Ids.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { database } from "./database.ts"
import { channelIdOf, seedHistory } from "./history.ts"
import { orgs, seedOrgs } from "./orgs.ts"

const org = Schema.decodeSync(OrgId)

/** Many organisations: the service gives each only a share of what it sends at once. */
const drainOrgs = 50
const destinationsEach = 20

/** 1,000 destinations on a channel that the service does not pace. */
const seedDrain = (messages: number) =>
  Effect.gen(function*() {
    const integrations = yield* Integrations
    const sql = yield* SqlClient.SqlClient
    const all = Array.makeBy(drainOrgs, (n) => org(`org-drain-${n}`))
    yield* sql.withTransaction(Effect.forEach(all, (orgId) =>
      integrations.configure(orgId, "whatsapp", { accessToken: "EAAbench", phoneNumberId: channelIdOf(0) })))
    yield* Effect.forEach(all, (orgId) =>
      seedHistory({
        orgId,
        events: messages / drainOrgs,
        channel: "whatsapp",
        channelIds: destinationsEach,
        status: "pending"
      }))
  })

/** The databases that servers start from. Made once; each server has a copy of its own. */
export const makeFiles = (directory: string, sizes: { readonly history: number; readonly drained: number }) => {
  const file = (name: string) => join(directory, `${name}.db`)
  const history = {
    orgId: orgs.webhooks,
    events: sizes.history,
    channel: "slack",
    channelIds: 100,
    status: "delivered"
  } as const
  return Effect.gen(function*() {
    yield* Effect.provide(seedOrgs, database(file("plain")))
    yield* Effect.sync(() => copyFileSync(file("plain"), file("history")))
    yield* Effect.provide(seedHistory(history), database(file("history")))
    yield* Effect.provide(seedDrain(sizes.drained), database(file("drain")))
    const copy = (name: "plain" | "history" | "drain", server: string) =>
      Effect.sync(() => {
        const to = file(`${name}-${server}`)
        copyFileSync(file(name), to)
        return to
      })
    return { copy } as const
  })
}
