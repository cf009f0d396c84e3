import { Config, ConfigError, Duration, Either } from "effect"

const count = (name: string, fallback: number) =>
  Config.integer(name).pipe(
    Config.withDefault(fallback),
    Config.mapOrFail((value) =>
      value >= 2 && value <= 1_000_000
        ? Either.right(value)
        : Either.left(ConfigError.InvalidData([name], "expected 2 to 1000000"))
    )
  )

const time = (name: string, fallback: Duration.Duration) =>
  Config.duration(name).pipe(
    Config.withDefault(fallback),
    Config.mapOrFail((value) =>
      Duration.between(value, { minimum: "1 millis", maximum: "1 hour" })
        ? Either.right(Math.ceil(Duration.toMillis(value)))
        : Either.left(ConfigError.InvalidData([name], "expected at least 1 millisecond and at most 1 hour"))
    )
  )

/** What the server takes of callers. Times are in milliseconds. */
export const serverLimits = Config.all({
  /** Requests under way at the same time. A vendor that hangs holds each of its callers for `UPSTREAM_TIMEOUT`. */
  requests: count("MAX_CONCURRENT_REQUESTS", 1000),
  /** Agents that wait for incidents: they cost memory only. */
  waits: count("MAX_CONCURRENT_WAITS", 5000),
  /** For a request's head to arrive. */
  headersTimeout: time("HEADERS_TIMEOUT", Duration.seconds(10)),
  /** For the whole of a request to arrive: 1 MiB at 35 kB a second. */
  requestTimeout: time("REQUEST_TIMEOUT", Duration.seconds(30)),
  /** For the next request on a connection: longer than the 60 seconds after which load balancers let go of theirs. */
  keepAliveTimeout: time("KEEP_ALIVE_TIMEOUT", Duration.seconds(65))
})
export type ServerLimits = Config.Config.Success<typeof serverLimits>

/** Request line and headers together: Node's own default, said here because docs and errors name it. */
export const maxHeaderBytes = 16 * 1024

/** As much as proxies in front usually let through, and far more than any path and query of ours. */
export const maxUrlLength = 8 * 1024

/** More are closed as they come: each costs some 10 kB and a file descriptor. */
export const maxConnections = 20_000
