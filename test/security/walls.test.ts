import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Layer, Runtime } from "effect"
import { createHmac } from "node:crypto"
import { Vendors } from "../../src/App.ts"
import { TestApi } from "../../src/testing/TestApi.ts"
import { receiver } from "../alerts/receiver.ts"
import { setClock } from "../document/sandbox.ts"
import { as, Database, Service } from "../http/service.ts"
import { pass } from "../sandbox/alerts.ts"
import { environments } from "./environments.ts"
import { front } from "./front.ts"
import { accounts, vendors } from "./tenants.ts"
import { act, begin, endpointSecretOf, type Mark, marks, Step, today, tokensOf, type World } from "./wallSteps.ts"

/** Ids that the service makes, and that no two organisations can have. */
const madeIds =
  /\b(?:agent-incident-[a-z0-9]{6}|inc-[a-z0-9]{6}-\d+|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})\b/g

const marksIn = (text: string): ReadonlyArray<string> => [...new Set(text.match(/wallmark[abc]/gi))]

const everything = [
  "/api/agents",
  "/api/deliveries?limit=100",
  "/api/channel-routes",
  "/api/integrations/status",
  "/api/webhooks/failures",
  ...vendors.map((vendor) => `/api/integrations/${vendor}`)
]

for (const { entitled, environment: callers, name } of environments) {
  describe(`three organisations on one server with ${name}`, () => {
    it.scoped("never see, reach or tell what is another's", () =>
      Effect.gen(function*() {
        yield* setClock(today)
        const tenants = yield* Effect.forEach(marks, (mark) =>
          Effect.map(accounts(mark, tokensOf(mark)), (own) => ({ name: mark, tokens: tokensOf(mark), accounts: own })))
        const { calls, environment } = yield* front(tenants)
        const agents = yield* receiver(200)
        const context = yield* Layer.build(
          Layer.merge(
            Layer.provideMerge(
              Service.layer,
              TestApi.over(Vendors, { ...environment, ...callers, OUTBOUND_ALLOW: "http://127.0.0.1" })
            ),
            Database
          )
        )
        const runtime = yield* Effect.runtime<never>()
        const counts = new Map<string, number>()
        const count = (what: string, more = 1) =>
          void counts.set(what, (counts.get(what) ?? 0) + more)
        let runs = 0

        /** One run, with organisations of its own. */
        const play = (steps: ReadonlyArray<Step>) =>
          Effect.gen(function*() {
            runs++
            calls.length = 0
            agents.received.length = 0
            const run = runs
            /** Which organisation was shown an id. */
            const owners = new Map<string, Mark>()
            const check = (mark: Mark, what: string, text: string) => {
              assert.deepStrictEqual(
                marksIn(text).filter((found) =>
                  found !== mark
                ),
                [],
                `${what} ${text}`
              )
              for (const [id] of text.matchAll(madeIds)) {
                const owner = owners.get(id) ?? mark
                owners.set(id, owner)
                assert.strictEqual(owner, mark, `${what} shows ${id}`)
              }
            }
            const orgOf = (mark: Mark) => `org-${run}-${mark}`
            const headersOf = new Map(
              yield* Effect.forEach(marks, (mark) => Effect.map(entitled(orgOf(mark)), (own) => [mark, own] as const))
            )
            const world: World = {
              orgOf,
              speak: (mark) => (method, path, sent) =>
                as(orgOf(mark))(method, path, { ...sent, headers: { ...headersOf.get(mark), ...sent.headers } }),
              ids: new Map(),
              receiver: agents.origin,
              ask: (mark) => (method, path, body, headers = {}) =>
                world.speak(mark)(method, path, { body, headers }).pipe(
                  Effect.tap(({ headers, status, text }) =>
                    Effect.sync(() => {
                      count(String(status))
                      const { "x-request-id": _, ...others } = headers
                      check(mark, `${method} ${path}`, `${text} ${JSON.stringify(others)}`)
                    })
                  )
                )
            }

            // Enough to begin with; what is forgotten meanwhile comes back, or does not.
            yield* Effect.forEach(marks, (mark) => begin(world, mark), { concurrency: 3 })
            for (const step of steps) yield* act(world, step)
            // What chance may leave out in a few runs.
            yield* Effect.forEach(marks, (_, slot) =>
              act(world, {
                what: "forged",
                slot,
                other: slot + 1,
                pick: slot,
                vendor: "sentry",
                place: ["slack", "C0ALERTS"]
              }))
            yield* pass(5)
            for (const mark of marks) {
              for (const path of everything) yield* world.ask(mark)("GET", path)
            }

            for (const { body, headers, tenant, url, vendor } of calls) {
              const text = `${url} ${headers.join(" ")} ${body}`
              assert.deepStrictEqual(marksIn(text).join(), tenant, `${vendor} ${text}`)
              for (const [id] of text.matchAll(madeIds)) {
                assert.strictEqual(owners.get(id) ?? tenant, tenant, `${vendor} is told ${id}`)
              }
            }
            for (const { body, headers } of agents.received) {
              const owner = marks.find((mark) => body.includes(mark)) ?? marks[0]
              assert.deepStrictEqual(marksIn(`${JSON.stringify(headers)} ${body}`), [owner], body)
              const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`
              const secret = Buffer.from(endpointSecretOf(owner), "base64")
              const signature = createHmac("sha256", secret).update(signed).digest("base64")
              assert.strictEqual(headers["webhook-signature"], `v1,${signature}`, body)
            }
            count("vendor calls", calls.length)
            count("pushes", agents.received.length)
          })

        // A run that fails is made smaller, and told with the seed that repeats it.
        yield* Effect.promise(() =>
          FastCheck.assert(
            FastCheck.asyncProperty(
              FastCheck.array(Step, { minLength: 10, maxLength: 60, size: "max" }),
              (steps) => Runtime.runPromise(runtime)(Effect.provide(play(steps), context))
            ),
            // It may be made smaller for as long; what was found by then is told.
            { numRuns: 6, interruptAfterTimeLimit: 120_000 }
          )
        )
        // All of it happened at all.
        for (const what of ["200", "201", "202", "401", "vendor calls", "pushes"]) {
          assert.isAbove(counts.get(what) ?? 0, 3, JSON.stringify([...counts]))
        }
      }), 240_000)
  })
}
