import { Cause, Data, Option, Redacted } from "effect"
import type { DatabaseServer } from "../location.ts"
import { codeOf, driverErrors, messageOf } from "../sqlErrors.ts"

/** The database cannot be used as it is: in one line for an operator, without the password. */
export class DatabaseRefused extends Data.TaggedError("DatabaseRefused")<{ readonly message: string }> {}

interface Place {
  readonly at: string
  readonly user: string
  readonly database: string
}

const placeOf = ({ url }: DatabaseServer): Place => {
  const { host, pathname, searchParams, username } = new URL(Redacted.value(url))
  return {
    at: host === "" ? searchParams.get("host") ?? "" : decodeURIComponent(host),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1))
  }
}

type Sentence = (place: Place, said: string) => string

const unreachable: Sentence = ({ at }, said) => `The database at ${at} cannot be reached: ${said}`
const unreadable: Sentence = (_, said) => `A file that DATABASE_URL names cannot be read: ${said}`
const unsafe: Sentence = ({ at }, said) =>
  `The connection to the database at ${at} is not safe: ${said}; see sslmode and sslrootcert in DATABASE_URL`

/** By the driver's code: a SQLSTATE, or one of Node's. */
const byCode: ReadonlyArray<readonly [code: RegExp, sentence: Sentence]> = [
  [/^28P01$/, ({ user }) => `The database refuses the password of ${user}`],
  [/^28000$/, ({ user }, said) => `The database does not let ${user} in: ${said}`],
  [/^3D000$/, ({ at, database }) => `The database at ${at} has no database ${database}: create it first`],
  [
    /^42501$/,
    ({ database, user }, said) =>
      `${user} has not the privileges that are needed in ${database}: ${said}; ` +
      "it has to connect, to create tables in the schema and to own those that are there"
  ],
  [/^25006$/, ({ at }) => `The database at ${at} is read-only: it may be a standby`],
  [/^(57P0.|53300)$/, ({ at }, said) => `The database at ${at} takes no connection now: ${said}`],
  [/^53100$/, ({ at }) => `The disk of the database at ${at} is full`],
  [/CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)|^EPROTO$/, unsafe],
  [/^(ENOENT|EACCES|EISDIR)$/, (place, said) => (/, open /.test(said) ? unreadable : unreachable)(place, said)],
  [/^(E[A-Z_]+|08...)$/, unreachable]
]

/** By what the driver says where it has no code. */
const byMessage: ReadonlyArray<readonly [message: RegExp, sentence: Sentence]> = [
  [
    /password must be a (non-empty )?string/,
    ({ user }) => `The database asks for the password of ${user}, and DATABASE_URL has none`
  ],
  [
    /does not support SSL/,
    ({ at }) =>
      `The database at ${at} offers no TLS: take sslmode out of DATABASE_URL if the network in between is your own`
  ],
  [/sslmode|sslnegotiation|sslrootcert/, unsafe],
  [/time[ds]? ?out|terminated/i, unreachable]
]

const sentenceFor = (place: Place, error: unknown): Option.Option<string> => {
  const said = messageOf(error) || codeOf(error)
  const found = byCode.find(([code]) => code.test(codeOf(error))) ??
    byMessage.find(([message]) => message.test(said))
  return Option.map(Option.fromNullable(found), ([, sentence]) => sentence(place, said.replaceAll(/\s+/g, " ")))
}

/** The failure as a sentence for the operator, where it is one that an operator can mend. */
export const refusedAs = (server: DatabaseServer, cause: Cause.Cause<unknown>): Cause.Cause<DatabaseRefused> => {
  const refused = Cause.squash(cause)
  if (refused instanceof DatabaseRefused) return Cause.fail(refused)
  const place = placeOf(server)
  // The driver throws where it does not even get to connect.
  return Option.match(Option.firstSomeOf([...driverErrors(cause), refused].map((error) => sentenceFor(place, error))), {
    onNone: () => Cause.die(refused),
    onSome: (message) => Cause.fail(new DatabaseRefused({ message }))
  })
}
