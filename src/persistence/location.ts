import { Config, ConfigError, Duration, Either, Option, Redacted } from "effect"

/** A SQLite file. `:memory:` is for tests. */
export interface DatabaseFile {
  readonly filename: string
}

/** A PostgreSQL server and how this process uses it. */
export interface DatabaseServer {
  readonly url: Redacted.Redacted
  /** How many connections this process has at most. */
  readonly pool: number
  /** After it the server ends a statement; migrations take as long as they need. */
  readonly statementTimeout: Duration.Duration
  /** For a new connection, and for one of the pool to become free. */
  readonly connectTimeout: Duration.Duration
}

/** Where the data lives. */
export type DatabaseLocation = DatabaseFile | DatabaseServer

export const isServer = (location: DatabaseLocation): location is DatabaseServer => "url" in location

const expected = "expected file: and the path of a SQLite file, as file:./data/integrations.db, " +
  "or postgres://user:password@host:5432/database with special characters percent-encoded"

/** Where the URL names no database, PostgreSQL would take one with the user's name: that is too easily an accident. */
const isPostgres = (url: string): boolean =>
  Option.match(Option.liftThrowable((text: string) => new URL(text))(url), {
    onNone: () => false,
    onSome: ({ hostname, pathname, protocol, searchParams }) =>
      (protocol === "postgres:" || protocol === "postgresql:") && pathname.length > 1 &&
      (hostname !== "" || searchParams.has("host"))
  })

/** The driver's timers end at 24.8 days; nobody waits for a statement for more than an hour. */
const longest = Duration.hours(1)

const named = <A>(name: string, message: string, holds: (value: A) => boolean) => (value: A) =>
  holds(value) ? Either.right(value) : Either.left(ConfigError.InvalidData([name], message))

const atLeast = (least: Duration.Duration, name: string, byDefault: Duration.Duration) =>
  Config.duration(name).pipe(
    Config.withDefault(byDefault),
    Config.mapOrFail(named(
      name,
      `expected ${Duration.format(least)} to ${Duration.format(longest)}`,
      (duration) => Duration.between(duration, { minimum: least, maximum: longest })
    ))
  )

/** A server with its settings as they are by default; `None` where the URL is not one. */
export const serverAt = (url: Redacted.Redacted): Option.Option<DatabaseServer> =>
  isPostgres(Redacted.value(url)) ? Option.some({ url, ...defaults }) : Option.none()

const defaults = { pool: 10, statementTimeout: Duration.seconds(10), connectTimeout: Duration.seconds(5) }

const place = Config.redacted("DATABASE_URL").pipe(
  Config.withDefault(Redacted.make("file:./data/integrations.db")),
  Config.mapOrFail((url): Either.Either<DatabaseFile | Pick<DatabaseServer, "url">, ConfigError.ConfigError> => {
    const text = Redacted.value(url)
    if (isPostgres(text)) return Either.right({ url })
    return text.startsWith("file:") && text.length > "file:".length
      ? Either.right({ filename: text.slice("file:".length) })
      : Either.left(ConfigError.InvalidData(["DATABASE_URL"], expected))
  })
)

/**
 * `DATABASE_URL`: `file:` and a path, or `postgres://`. With the latter `DATABASE_POOL`, `DATABASE_STATEMENT_TIMEOUT` and
 * `DATABASE_CONNECT_TIMEOUT` hold.
 */
export const databaseLocation = Config.all({
  place,
  pool: Config.integer("DATABASE_POOL").pipe(
    Config.withDefault(defaults.pool),
    Config.mapOrFail(named("DATABASE_POOL", "expected 2 to 1000", (pool) => pool >= 2 && pool <= 1000))
  ),
  statementTimeout: atLeast(Duration.seconds(1), "DATABASE_STATEMENT_TIMEOUT", defaults.statementTimeout),
  connectTimeout: atLeast(Duration.millis(100), "DATABASE_CONNECT_TIMEOUT", defaults.connectTimeout)
}).pipe(
  Config.map(({ place, ...settings }): DatabaseLocation => "url" in place ? { ...place, ...settings } : place)
)
