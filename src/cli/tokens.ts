import { Args, Command, HelpDoc, Options } from "@effect/cli"
import { Array, Console, type DateTime, Duration, Effect, Either, Layer, Option, pipe, Redacted, Schema } from "effect"
import { Timestamp } from "../domain/Timestamp.ts"
import { Scope, type Token, TokenId, TokenName, TokenOrg } from "../domain/Token.ts"
import { Tokens } from "../services/Tokens.ts"
import { Refused } from "./refusal.ts"
import { Storage } from "./storage.ts"
import { table } from "./table.ts"

/** A token for scripts. */
const View = Schema.Struct({
  id: TokenId,
  org: TokenOrg,
  name: TokenName,
  scopes: Schema.NonEmptyArray(Scope),
  createdAt: Timestamp,
  expiresAt: Schema.NullOr(Timestamp),
  lastUsedAt: Schema.NullOr(Timestamp),
  revokedAt: Schema.NullOr(Timestamp)
})
const viewOf = ({ orgId, ...token }: Token): typeof View.Type => ({ ...token, org: orgId })

const asJson = Schema.encode(Schema.parseJson(View, { space: 2 }))
const listAsJson = Schema.encode(Schema.parseJson(Schema.Array(View), { space: 2 }))
const createdAsJson = Schema.encode(
  Schema.parseJson(Schema.Struct({ ...View.fields, token: Schema.String }), { space: 2 })
)

const timeOf = Schema.encodeSync(Timestamp)
const timeOr = (none: string) => (time: DateTime.Utc | null) => time === null ? none : timeOf(time)

const columns: ReadonlyArray<readonly [title: string, cell: (token: Token) => string]> = [
  ["ID", ({ id }) => id],
  ["ORG", ({ orgId }) => orgId],
  ["NAME", ({ name }) => name],
  ["SCOPES", ({ scopes }) => scopes.join(",")],
  ["CREATED", ({ createdAt }) => timeOf(createdAt)],
  ["EXPIRES", ({ expiresAt }) => timeOr("never")(expiresAt)],
  ["LAST USED", ({ lastUsedAt }) => timeOr("never")(lastUsedAt)],
  ["REVOKED", ({ revokedAt }) => timeOr("-")(revokedAt)]
]

/** So that a mistyped number of years is no token for ever. */
const longest = Duration.days(3650)

const lifetimeOf = (text: string): Option.Option<Duration.Duration> =>
  pipe(
    Duration.decodeUnknown(text),
    Option.filter((age) => Duration.greaterThan(age, Duration.zero) && Duration.lessThanOrEqualTo(age, longest))
  )

const org = Options.text("org").pipe(
  Options.withDescription("The organisation that the token acts for; '*' for an operator's, which acts for any"),
  Options.filterMap(
    Schema.decodeUnknownOption(TokenOrg),
    "--org: expected '*', or 1 to 128 characters of A-Z a-z 0-9 . _ - that start with a letter or a digit"
  )
)

const json = Options.boolean("json").pipe(Options.withDescription("Answer in JSON, for scripts"))

const create = Command.make("create", {
  org,
  name: Options.text("name").pipe(
    Options.withDescription("What the token is for"),
    Options.filterMap(
      Schema.decodeUnknownOption(TokenName),
      "--name: expected 1 to 256 characters without control characters"
    )
  ),
  scopes: Options.text("scope").pipe(
    Options.withPseudoName(Scope.literals.join(" | ")),
    Options.withDescription("May be given several times; read and write when left out. None includes another"),
    Options.repeated,
    Options.filterMap(
      (given) => Schema.decodeUnknownOption(Schema.Array(Scope))(given),
      `--scope: expected ${Scope.literals.slice(0, -1).join(", ")} or ${Scope.literals.at(-1)}`
    )
  ),
  lifetime: Options.text("expires-in").pipe(
    Options.withDescription("How long the token is good for, such as '30 days'; for ever when left out"),
    Options.filterMap(lifetimeOf, "--expires-in: expected a duration of 3650 days at most, such as '30 days'"),
    Options.optional
  ),
  json
}, ({ json, lifetime, name, org, scopes }) =>
  Effect.gen(function*() {
    const asked = Scope.literals.filter((scope) => scopes.includes(scope))
    const { bearer, token } = yield* Effect.flatMap(Tokens, (tokens) =>
      tokens.create({
        orgId: org,
        name,
        scopes: Array.isNonEmptyReadonlyArray(asked)
          ? [Array.headNonEmpty(asked), ...asked.slice(1)]
          : ["read", "write"],
        lifetime
      }))
    const secret = Redacted.value(bearer)
    yield* Console.log(json ? yield* createdAsJson({ ...viewOf(token), token: secret }) : secret)
    yield* Console.error(
      `Created ${token.id} for ${token.orgId} with ${token.scopes.join(", ")}; ` +
        `${token.expiresAt === null ? "it never expires" : `it expires at ${timeOf(token.expiresAt)}`}. ` +
        "Keep it now: it is not shown again."
    )
  })).pipe(Command.withDescription("Makes a token and prints it, this once"))

const list = Command.make("list", { org: Options.optional(org), json }, ({ json, org }) =>
  Effect.gen(function*() {
    const tokens = yield* Effect.flatMap(Tokens, (tokens) => tokens.list(org))
    yield* Console.log(
      json
        ? yield* listAsJson(tokens.map(viewOf))
        : table(columns.map(([title]) => title), tokens.map((token) => columns.map(([, cell]) => cell(token))))
    )
  })).pipe(Command.withDescription("Lists tokens, revoked and expired ones too; never their secrets"))

const revoke = Command.make("revoke", {
  id: Args.text({ name: "id" }).pipe(
    Args.withDescription("The token's id, as list shows it"),
    Args.mapEffect((text) =>
      Either.fromOption(
        Schema.decodeUnknownOption(TokenId)(text),
        () => HelpDoc.p("id: expected int_ and 16 characters of 0-9 a-f, as list shows it")
      )
    )
  ),
  json
}, ({ id, json }) =>
  Effect.gen(function*() {
    const revoked = yield* Effect.flatMap(Tokens, (tokens) => tokens.revoke(id))
    if (Option.isNone(revoked)) return yield* new Refused({ message: `There is no token ${id}` })
    const { revokedAt } = revoked.value
    yield* Console.log(json ? yield* asJson(viewOf(revoked.value)) : `${id} is revoked since ${timeOr("-")(revokedAt)}`)
  })).pipe(Command.withDescription("Ends a token for ever; the service refuses it within two seconds"))

/** `tokens create`, `tokens list`, `tokens revoke`. */
export const tokens = Command.make("tokens").pipe(
  Command.withDescription("Tokens of callers, for a service that runs with AUTH=tokens"),
  Command.withSubcommands([create, list, revoke]),
  Command.provide(Layer.provide(Tokens.Default, Storage))
)
