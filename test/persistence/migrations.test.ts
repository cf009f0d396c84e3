import { Statement } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { layerMemory } from "../../src/persistence/Sql.ts"
import { Platform } from "../fakes/Storage.ts"

/*
 * During a rolling restart the old version goes on over the schema of the new one. So a migration takes nothing away from
 * it: it adds tables, indexes, and columns that an INSERT which does not know them may leave out.
 */

const taken = /\b(DROP|RENAME|TRUNCATE)\b|\bALTER\s+COLUMN\b|\bDELETE\s+FROM\b/i
const addedColumn = /^ALTER TABLE \w+ ADD COLUMN \w+ (.*)$/is
const madeTable = /^CREATE TABLE (\w+)/i
const uniqueIndex = /^CREATE UNIQUE INDEX \w+ ON (\w+)/i

/** What the rule is broken by, and why it may be. No other may be added once a version has been released. */
const allowed: ReadonlyArray<string> = [
  // Of before the first release: nobody has a version that uses it.
  "DROP TABLE idempotency_keys"
]

const statements = Effect.gen(function*() {
  const sent: Array<string> = []
  const spy = Statement.setTransformer((statement) =>
    Effect.sync(() => {
      sent.push(statement.compile()[0].replaceAll(/\s+/g, " ").trim())
      return statement
    })
  )
  yield* Layer.build(layerMemory.pipe(Layer.provide([spy, Platform])))
  return sent.filter((text) => !text.includes("effect_sql_migrations"))
}).pipe(Effect.scoped)

/** Why the version before would not live with it. */
const breaks = (text: string, made: ReadonlySet<string>): boolean => {
  if (taken.test(text)) return true
  const definition = addedColumn.exec(text)?.[1]
  if (definition !== undefined) return /NOT NULL/i.test(definition) && !/DEFAULT/i.test(definition)
  // Rows that the old version may still write twice.
  const table = uniqueIndex.exec(text)?.[1]
  return table !== undefined && !made.has(table)
}

describe("migrations", () => {
  it.effect("take nothing away from the version before", () =>
    Effect.gen(function*() {
      const all = yield* statements
      const made = new Set<string>()
      const breaking: Array<string> = []
      for (const text of all) {
        const table = madeTable.exec(text)?.[1]
        if (table !== undefined) made.add(table)
        if (breaks(text, made)) breaking.push(text)
      }
      deepStrictEqual(breaking, allowed)
      assert.isAbove(all.length, 40)
    }))

  it("that do so are recognised", () => {
    const made = new Set(["fresh"])
    for (
      const text of [
        "DROP TABLE events",
        "ALTER TABLE events RENAME COLUMN title TO name",
        "ALTER TABLE events ALTER COLUMN title TYPE text",
        "ALTER TABLE events DROP COLUMN title",
        "ALTER TABLE events ADD COLUMN kind TEXT NOT NULL",
        "CREATE UNIQUE INDEX one ON events (title)",
        "DELETE FROM events"
      ]
    ) assert.isTrue(breaks(text, made), text)
    for (
      const text of [
        "ALTER TABLE events ADD COLUMN kind TEXT NOT NULL DEFAULT 'a'",
        "ALTER TABLE events ADD COLUMN kind TEXT",
        "CREATE UNIQUE INDEX one ON fresh (title)",
        "CREATE INDEX one ON events (title)"
      ]
    ) assert.isFalse(breaks(text, made), text)
  })
})
