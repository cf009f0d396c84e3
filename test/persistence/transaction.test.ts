import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { join } from "node:path"
import { transaction } from "../../src/persistence/transaction.ts"
import { stored, temporary } from "../fakes/Storage.ts"

/** As another process has one. */
const client = (filename: string) =>
  Effect.map(Layer.build(Layer.fresh(stored(filename))), Context.get(SqlClient.SqlClient))

/** Queries of a fiber in a transaction are the transaction's, whatever client they are asked of. */
const elsewhere = <A, E>(effect: Effect.Effect<A, E>) => Effect.promise(() => Effect.runPromiseExit(effect))

describe("a transaction", () => {
  it.scoped("that reads first is not refused because another process wants to write meanwhile", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "integrations.db")
      const [service, commandLine] = [yield* client(filename), yield* client(filename)]
      // Both are in this process, so neither may wait for the other.
      yield* commandLine`PRAGMA busy_timeout = 0`
      const probe = (sql: SqlClient.SqlClient, id: number) =>
        sql`INSERT INTO storage_probe (id, filling) VALUES (${id}, '')`
      const meanwhile = yield* transaction(service)(Effect.gen(function*() {
        yield* service`SELECT * FROM storage_probe`
        const meanwhile = yield* elsewhere(probe(commandLine, 1))
        yield* probe(service, 2)
        return meanwhile
      }))
      assert.strictEqual(meanwhile._tag, "Failure")
      yield* probe(commandLine, 3)
      const rows = yield* service`SELECT id FROM storage_probe ORDER BY id`
      assert.deepStrictEqual(rows.map(({ id }) => id), [2, 3])
    }))
})
