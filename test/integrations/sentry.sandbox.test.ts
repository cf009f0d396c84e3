import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { Sentry, SentryLive } from "../../src/integrations/sentry/Sentry.ts"
import { sentrySeed } from "../../src/sandbox/seed.ts"
import { makeSentry } from "../../src/sandbox/sentry.ts"
import { Origins } from "../../src/upstream/Upstream.ts"
import { Networked } from "../fakes/Outbound.ts"

const config = { authToken: Redacted.make("sntrys_sandbox"), organization: "acme" }

const live = (url: string) =>
  SentryLive.pipe(
    Layer.provide([Networked(), Layer.succeed(Origins, () => Option.some(url))])
  )

describe("Sentry over real HTTP", () => {
  it.scoped("lists, verifies and is refused as the stand-in has it", () =>
    Effect.gen(function*() {
      const { url } = yield* makeSentry()
      yield* Effect.gen(function*() {
        const vendor = yield* Sentry
        yield* vendor.verify(config)
        const one = yield* vendor.issues(config, { project: "api-gateway", query: "is:unresolved", limit: 10 })
        assert.deepStrictEqual(one.issues.map(({ count, id }) => [id, count]), [["4812345", 142]])
        assert.strictEqual(one.total, 1)
        const two = yield* vendor.issues(config, { query: "", limit: 2 })
        assert.deepStrictEqual([two.issues.length, two.total], [2, 3])
        const stranger = yield* Effect.flip(vendor.issues(config, { project: "nope", query: "", limit: 2 }))
        assert.strictEqual(stranger._tag, "UpstreamRejected")
        const elsewhere = yield* Effect.flip(vendor.verify({ ...config, organization: "other" }))
        assert.strictEqual(elsewhere.details, "The requested resource does not exist")
        const refused = yield* Effect.flip(vendor.verify({ ...config, authToken: Redacted.make("bad") }))
        assert.strictEqual(refused.details, "Sentry rejected the credentials (401)")
      }).pipe(Effect.provide(live(url)))
    }))

  it.scoped("fills a page that Sentry left short", () =>
    Effect.gen(function*() {
      const [first] = sentrySeed.issues
      if (first === undefined) return assert.fail("the seed has an issue")
      const issues = ["1", "2", "3", "4"].map((id) => ({ ...first, id, hidden: id === "1" }))
      const { url } = yield* makeSentry({ seed: { ...sentrySeed, issues } })
      const page = yield* Effect.flatMap(Sentry, (vendor) => vendor.issues(config, { query: "", limit: 2 })).pipe(
        Effect.provide(live(url))
      )
      assert.deepStrictEqual(page.issues.map(({ id }) => id), ["2", "3"])
    }))
})
