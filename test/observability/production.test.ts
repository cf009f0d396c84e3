import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { ofEffect } from "../../src/observability/runtime.ts"
import { Programs } from "../cli/program.ts"
import { temporary } from "../fakes/Storage.ts"
import { everything } from "./promql.ts"

// A process takes the time that it takes.
layer(Programs.layer, { excludeTestServices: true, timeout: 60_000 })("the service as it is built", (it) => {
  it.scoped("shows no metric that is not in the catalogue, and all of Effect's that are", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const { service } = yield* Programs
      const ask = yield* service({ DATABASE_URL: `file:${join(directory, "integrations.db")}` })
      const { text } = yield* ask("GET", "/metrics")
      const shown = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`)
      assert.includeMembers(everything.map(({ name, type }) => `${name} ${type}`), shown)
      assert.includeMembers(shown, ofEffect.map(({ name, type }) => `${name} ${type}`))
    }), 60_000)
})
