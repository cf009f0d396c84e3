import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { dropDatabases, makeTemplate } from "../../src/persistence/TestDatabase.ts"
import { findBinaries } from "./binaries.ts"
import { startServer } from "./server.ts"

/** The server of the whole run: the one that `TEST_DATABASE_URL` names, or one that is started and ended here. */
export default async () => {
  const given = process.env["TEST_DATABASE_URL"]
  const server = given === undefined ? await startServer(await findBinaries()) : undefined
  const url = Redacted.make(server?.url ?? given ?? "")
  const template = `integrations_test_${randomBytes(4).toString("hex")}`
  await Effect.runPromise(makeTemplate(url, template))
  process.env["TEST_DATABASE"] = "postgres"
  process.env["TEST_DATABASE_URL"] = Redacted.value(url)
  process.env["TEST_DATABASE_TEMPLATE"] = template
  return async () => {
    await Effect.runPromise(dropDatabases(url, template))
    await server?.stop()
  }
}
