import { Effect } from "effect"
import { serve, spawn } from "./processes.ts"
import { databaseVariables } from "./seed/database.ts"
import type { Counts } from "./vendors/calls.ts"

export interface Place {
  /** For logs and profiles. */
  readonly directory: string
  /** Whether servers write a CPU profile when they end. */
  readonly profile: boolean
}

const profiling = ({ directory, profile }: Place, name: string) =>
  profile ? ["--cpu-prof", `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${name}.cpuprofile`] : []

/** The stand-ins of all vendors. */
export const vendors = (place: Place) =>
  Effect.map(serve({ name: "vendors", entry: "bench/vendors/main.js", directory: place.directory }), (server) => ({
    ...server,
    reset: server.tell("reset"),
    counts: server.ask<Counts>("counts")
  }))
export type Vendors = Effect.Effect.Success<ReturnType<typeof vendors>>

const origins = (url: string) => ({
  PAGERDUTY_API_URL: url,
  LINEAR_API_URL: `${url}/graphql`,
  SENTRY_API_URL: url,
  SLACK_API_URL: url,
  DISCORD_API_URL: url,
  TELEGRAM_API_URL: url,
  WHATSAPP_API_URL: url
})

/** Limits are there to refuse what is more than a caller should ask; here everything is to be answered. */
const unlimited = {
  RATE_LIMIT: "off",
  WEBHOOK_RATE_LIMIT: "off",
  FAILURE_RATE_LIMIT: "off",
  MAX_CONCURRENT_REQUESTS: "100000"
}

/** The built service as it is deployed, over the database that the variables name. */
export const service = (
  place: Place,
  name: string,
  database: Readonly<Record<string, string>>,
  vendorsUrl: string
) =>
  serve({
    name,
    entry: "bin/main.js",
    directory: place.directory,
    variables: {
      ...database,
      ...origins(vendorsUrl),
      ...unlimited,
      AUTH: "none",
      LOG_LEVEL: "warn",
      LOG_FORMAT: "json",
      NODE_ENV: "production"
    },
    // As `npm start` has it.
    nodeOptions: ["--max-semi-space-size=32", ...profiling(place, name)]
  })

/** The same over a file. */
export const ours = (place: Place, name: string, filename: string, vendorsUrl: string) =>
  service(place, name, databaseVariables(filename), vendorsUrl)

/** The hand-written one, over a database of its own with the same rows. */
export const baseline = (place: Place, name: string, filename: string, vendorsUrl: string) =>
  serve({
    name,
    entry: "bench/baseline/main.js",
    directory: place.directory,
    variables: { ...databaseVariables(filename), ...origins(vendorsUrl), NODE_ENV: "production" },
    nodeOptions: profiling(place, name)
  })

/** An `HttpApi` that does nothing. */
export const bare = (place: Place) =>
  serve({
    name: "bare",
    entry: "bench/bare/main.js",
    directory: place.directory,
    variables: { NODE_ENV: "production" },
    nodeOptions: profiling(place, "bare")
  })

export const load = (place: Place) => spawn({ name: "load", entry: "bench/load/main.js", directory: place.directory })
export type Load = Effect.Effect.Success<ReturnType<typeof load>>
