import { Cause, FiberRef, HashSet, Logger, Predicate } from "effect"
import { afterAll, assert } from "vitest"
import { sandboxCredentials, sandboxWebhookSecrets } from "../../src/sandbox/seed.ts"

/*
 * Runs before each test file: whatever the service logs in any test is searched for the credentials that tests use, in the file
 * that it happened in. Tests take the default logger away or put their own in its place; this one stands beside both.
 */

const settings = new Set(["P1ABC2D", "acme", "15550001111", "alert", "en_US"])
const strings = (value: unknown): ReadonlyArray<string> =>
  Predicate.isString(value) ? [value] : Predicate.isObject(value) ? Object.values(value).flatMap(strings) : []

/** What the sandbox's vendors know us by, and what tests that look for secrets plant. */
const secrets = [
  ...sandboxCredentials.flatMap(({ config }) => strings(config)).filter((one) => !settings.has(one)),
  ...Object.values(sandboxWebhookSecrets),
  "cAnArY",
  "s3cr3t"
]

const leaked: Array<string> = []

const scanning = Logger.make<unknown, void>((line) => {
  const text = `${Logger.jsonLogger.log(line)} ${Cause.pretty(line.cause, { renderErrorCause: true })}`
  if (secrets.some((secret) => text.includes(secret)) && leaked.length < 10) leaked.push(text)
})

Reflect.defineProperty(FiberRef.currentLoggers, "initial", {
  value: HashSet.make<Array<Logger.Logger<unknown, unknown>>>(Logger.defaultLogger, Logger.tracerLogger, scanning)
})

afterAll(() => assert.deepStrictEqual(leaked, [], "a secret was logged"))
