import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { ConfigProvider, Duration, Effect, LogLevel, Option, Redacted } from "effect"
import { settings } from "../src/Config.ts"

/** What the service is told by these variables. */
const read = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.withConfigProvider(settings, ConfigProvider.fromMap(new Map(Object.entries(variables))))

/** What an operator is shown who sets these variables. */
const refusal = (variables: Readonly<Record<string, string>>) => Effect.map(Effect.flip(read(variables)), String)

const key = (fill: number, length = 32) => Buffer.alloc(length, fill).toString("base64")

/** Every variable, each with a value that is wrong. */
const wrong = {
  PORT: "eighty",
  AUTH: "password",
  SHUTDOWN_DELAY: "later",
  CLUSTER_HOST: "",
  CLUSTER_PORT: "many",
  LOG_LEVEL: "loud",
  LOG_FORMAT: "xml",
  DATABASE_URL: "mysql://user:canary@db/x",
  DATABASE_POOL: "1",
  DATABASE_STATEMENT_TIMEOUT: "0.5 seconds",
  DATABASE_CONNECT_TIMEOUT: "1 day",
  ENCRYPTION_KEYS: `k1:${key(1, 31)}`,
  UPSTREAM_TIMEOUT: "soon",
  WEBHOOK_TRIAL_ORGS: "0",
  GROUP_WINDOW: "a while",
  OUTBOUND_ALLOW: "agents.corp, 10.0.0.0/33",
  RETENTION: "for ever and ever",
  LINEAR_WEBHOOK_MAX_AGE: "1 second",
  RATE_LIMIT: "0/s",
  WEBHOOK_RATE_LIMIT: "50/m",
  FAILURE_RATE_LIMIT: "fast",
  MAX_CONCURRENT_REQUESTS: "1",
  MAX_CONCURRENT_WAITS: "many",
  HEADERS_TIMEOUT: "0 seconds",
  REQUEST_TIMEOUT: "2 hours",
  KEEP_ALIVE_TIMEOUT: "a while",
  PAGERDUTY_API_URL: "not a url",
  LINEAR_API_URL: "",
  SENTRY_API_URL: "sentry",
  SLACK_API_URL: "//slack",
  DISCORD_API_URL: "discord.com",
  TELEGRAM_API_URL: "http://",
  WHATSAPP_API_URL: "?"
}

describe("the configuration", () => {
  it.effect("has a default for everything", () =>
    Effect.gen(function*() {
      const { databaseLocation, encryptionKeys, listen, logging, origins, trialOrgs, upstreamTimeout } = yield* read()
      deepStrictEqual(listen, {
        host: "127.0.0.1",
        port: 3000,
        auth: "none",
        trustOrgHeader: false,
        shutdownDelay: Duration.zero
      })
      deepStrictEqual(databaseLocation, { filename: "./data/integrations.db" })
      assert.strictEqual(Duration.toMillis(upstreamTimeout), 10_000)
      assert.strictEqual(trialOrgs, 1000)
      assert.strictEqual(logging.level, LogLevel.Info)
      assert.isTrue(Option.isNone(encryptionKeys))
      assert.isTrue(Object.values(origins).every(Option.isNone))
      deepStrictEqual(Object.keys(origins), [
        "pagerduty",
        "linear",
        "sentry",
        "slack",
        "discord",
        "telegram",
        "whatsapp"
      ])
    }))

  it.effect("takes what an operator sets", () =>
    Effect.gen(function*() {
      const found = yield* read({
        HOST: "::1",
        PORT: "8080",
        AUTH: "none",
        SHUTDOWN_DELAY: "5 seconds",
        CLUSTER_HOST: "10.0.0.7",
        CLUSTER_PORT: "4000",
        LOG_LEVEL: "debug",
        LOG_FORMAT: "json",
        DATABASE_URL: "file:/var/lib/integrations.db",
        ENCRYPTION_KEYS: `k1:${key(1)}`,
        UPSTREAM_TIMEOUT: "2500 millis",
        WEBHOOK_TRIAL_ORGS: "7",
        PAGERDUTY_API_URL: "http://127.0.0.1:4001/",
        LINEAR_API_URL: "http://127.0.0.1:4001/linear/graphql"
      })
      deepStrictEqual(found.listen, {
        host: "::1",
        port: 8080,
        auth: "none",
        trustOrgHeader: false,
        shutdownDelay: Duration.seconds(5)
      })
      deepStrictEqual(found.clusterAddress, { host: "10.0.0.7", port: 4000 })
      deepStrictEqual([found.logging.level, found.logging.format], [LogLevel.Debug, "json"])
      deepStrictEqual(found.databaseLocation, { filename: "/var/lib/integrations.db" })
      assert.strictEqual(Duration.toMillis(found.upstreamTimeout), 2500)
      assert.strictEqual(found.trialOrgs, 7)
      deepStrictEqual(found.origins["pagerduty"], Option.some("http://127.0.0.1:4001"))
      deepStrictEqual(found.origins["linear"], Option.some("http://127.0.0.1:4001/linear/graphql"))
      const current = Option.getOrThrow(found.encryptionKeys).current
      assert.strictEqual(Buffer.from(Redacted.value(current.secret)).toString("base64"), key(1))
      assert.notInclude(JSON.stringify(found), key(1))
    }))

  it.effect.each(Object.entries(wrong))("%s is refused as %j, by name", ([name, value]) =>
    Effect.gen(function*() {
      const shown = yield* refusal({ [name]: value })
      assert.include(shown, `${name}: `)
      for (const other of Object.keys(wrong).filter((other) => other !== name)) {
        assert.notMatch(shown, new RegExp(`\\b${other}\\b`))
      }
    }))

  it.effect("names all that is wrong at once", () =>
    Effect.gen(function*() {
      const shown = yield* refusal({ ...wrong, HOST: "0.0.0.0", TRUST_ORG_HEADER: "maybe" })
      const missing = [...Object.keys(wrong), "TRUST_ORG_HEADER"].filter((name) => !shown.includes(`${name}: `))
      deepStrictEqual(missing, [])
    }))

  it.effect("names a HOST that is open to all also when something else is wrong", () =>
    Effect.gen(function*() {
      const shown = yield* refusal({ HOST: "0.0.0.0", PORT: "eighty" })
      assert.include(shown, "PORT: ")
      assert.include(shown, "HOST: ")
    }))

  it.effect.each<readonly [name: string, value: string]>([
    ["DATABASE_URL", "postgres://user:canary@db"],
    ["DATABASE_URL", "postgres://user:canary#1@db/x"],
    ["ENCRYPTION_KEYS", "canary"],
    ["ENCRYPTION_KEYS", `k1:${Buffer.from("canary").toString("base64")},canary`],
    ["ENCRYPTION_KEYS", "k1:canary!"],
    ["PAGERDUTY_API_URL", "https://user:canary@proxy:99999999/"]
  ])("%s shows no secret when it is wrong (%s)", ([name, value]) =>
    Effect.gen(function*() {
      const shown = yield* refusal({ [name]: value })
      assert.include(shown, name)
      assert.notInclude(shown, "canary")
      assert.notInclude(shown, Buffer.from("canary").toString("base64"))
    }))
})

describe("DATABASE_URL=postgres://", () => {
  const DATABASE_URL = "postgres://app:canary@db.internal:6432/alerts?sslmode=verify-full"
  const ENCRYPTION_KEYS = `k1:${key(1)}`

  it.effect("has a pool and timeouts, and shows no password", () =>
    Effect.gen(function*() {
      const { databaseLocation } = yield* read({ DATABASE_URL, ENCRYPTION_KEYS })
      assert.notInclude(JSON.stringify(databaseLocation) + String(databaseLocation), "canary")
      if (!("url" in databaseLocation)) return assert.fail("It was taken for a file")
      const { connectTimeout, pool, statementTimeout, url } = databaseLocation
      assert.strictEqual(Redacted.value(url), DATABASE_URL)
      deepStrictEqual([pool, Duration.toSeconds(statementTimeout), Duration.toSeconds(connectTimeout)], [10, 10, 5])
    }))

  it.effect("takes what an operator sets", () =>
    Effect.gen(function*() {
      const { databaseLocation } = yield* read({
        DATABASE_URL,
        ENCRYPTION_KEYS,
        DATABASE_POOL: "40",
        DATABASE_STATEMENT_TIMEOUT: "1 minute",
        DATABASE_CONNECT_TIMEOUT: "250 millis"
      })
      if (!("url" in databaseLocation)) return assert.fail("It was taken for a file")
      const { connectTimeout, pool, statementTimeout } = databaseLocation
      deepStrictEqual([pool, Duration.toMillis(statementTimeout), Duration.toMillis(connectTimeout)], [40, 60_000, 250])
    }))

  it.effect("needs ENCRYPTION_KEYS", () =>
    Effect.gen(function*() {
      const shown = yield* refusal({ DATABASE_URL })
      assert.include(shown, "ENCRYPTION_KEYS: PostgreSQL needs it")
      assert.notInclude(shown, "canary")
    }))
})

describe("HOST", () => {
  const open = [
    "0.0.0.0",
    "::",
    "10.0.0.5",
    "example.com",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "",
    "128.0.0.1"
  ]

  it.effect.each(["127.0.0.1", "127.8.9.10", "localhost", "::1"])(
    "%s is this machine",
    (HOST) => Effect.map(read({ HOST }), ({ listen }) => assert.strictEqual(listen.host, HOST))
  )

  it.effect.each(open)("%j is refused while nobody authenticates callers", (HOST) =>
    Effect.gen(function*() {
      for (const trust of [{}, { TRUST_ORG_HEADER: "false" }]) {
        const shown = yield* refusal({ HOST, ...trust })
        assert.include(shown, "HOST: ")
        assert.include(shown, "TRUST_ORG_HEADER=true")
      }
    }))

  it.effect.each(open)("%j is taken where callers need a token", (HOST) =>
    Effect.gen(function*() {
      const { listen } = yield* read({ HOST, AUTH: "tokens" })
      deepStrictEqual([listen.host, listen.auth, listen.trustOrgHeader], [HOST, "tokens", false])
    }))

  it.effect("is refused where AUTH is none, also when that is said", () =>
    Effect.gen(function*() {
      const shown = yield* refusal({ HOST: "0.0.0.0", AUTH: "none" })
      assert.include(shown, "HOST: ")
      assert.include(shown, "AUTH=tokens")
    }))

  it.effect.each(["true", "yes", "1", "on"])("may be any where TRUST_ORG_HEADER=%s", (TRUST_ORG_HEADER) =>
    Effect.map(
      read({ HOST: "0.0.0.0", TRUST_ORG_HEADER }),
      ({ listen }) => deepStrictEqual([listen.host, listen.trustOrgHeader], ["0.0.0.0", true])
    ))
})
