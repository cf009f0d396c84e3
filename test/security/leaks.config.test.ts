import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, FastCheck, Layer } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import { settings } from "../../src/Config.ts"
import * as Keyring from "../../src/services/Keyring.ts"
import { environment, Platform, temporary } from "../fakes/Storage.ts"
import { canary, found } from "./canaries.ts"

describe("the search for canaries", () => {
  it.prop("finds each in every spelling, whatever stands around it", [FastCheck.string(), FastCheck.string()], (
    [before, after]
  ) => {
    const secret = canary("u+")
    const other = canary()
    const text = `${before}${secret}${after}`
    const spelled = [
      text,
      JSON.stringify({ text }),
      JSON.stringify(JSON.stringify({ text })),
      before + encodeURIComponent(secret) + after,
      new URLSearchParams({ text }).toString(),
      Buffer.from(text).toString("base64"),
      Buffer.from(text).toString("base64url"),
      Buffer.from(text).toString("hex")
    ]
    for (const one of spelled) assert.deepStrictEqual(found({ secret, other }, one), ["secret"], one)
    assert.deepStrictEqual(found({ secret, other }, `${before}${after}`), [])
  })
})

describe("secrets in the environment", () => {
  it.effect("stand in nothing that is said of a configuration that is not valid", () =>
    Effect.gen(function*() {
      const secret = canary()
      const base64 = Buffer.from(secret).toString("base64")
      const wrong: ReadonlyArray<Readonly<Record<string, string>>> = [
        { ENCRYPTION_KEYS: secret },
        { ENCRYPTION_KEYS: `k1:${base64}` },
        { ENCRYPTION_KEYS: `k1:${secret}` },
        { ENCRYPTION_KEYS: base64 },
        { DATABASE_URL: `postgres://user:${secret}@db/integrations` },
        { DATABASE_URL: secret },
        { PAGERDUTY_API_URL: `ftp://user:${secret}@pagerduty.test` },
        { TELEGRAM_API_URL: secret }
      ]
      for (const variables of wrong) {
        const error = yield* Effect.flip(Effect.provide(settings, environment(variables)))
        const told = `${String(error)} ${inspect(error, { depth: 12 })} ${JSON.stringify(error)}`
        assert.deepStrictEqual(found({ secret, base64 }, told), [], told)
        assert.include(told, Object.keys(variables).join())
      }
      const directory = yield* temporary
      for (const content of wrong.flatMap((one) => one["ENCRYPTION_KEYS"] ?? [])) {
        const file = join(directory, "integrations.db")
        yield* Effect.sync(() => writeFileSync(`${file}.key`, content))
        const exit = yield* Effect.exit(
          Layer.build(Keyring.layer).pipe(Effect.provide([Platform, environment({ DATABASE_URL: `file:${file}` })]))
        )
        const told = `${inspect(exit, { depth: 12 })} ${exit._tag === "Failure" ? Cause.pretty(exit.cause) : "started"}`
        assert.notInclude(told, "started")
        assert.deepStrictEqual(found({ secret, base64 }, told), [], told)
      }
    }).pipe(Effect.scoped))
})
