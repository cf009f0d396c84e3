import { Command, Options } from "@effect/cli"
import { Console, Effect, Layer, Option, Schema, Stream } from "effect"
import { OrgId } from "../domain/Ids.ts"
import { AuditCheck, type KeptHead } from "../services/AuditCheck.ts"
import { Refused } from "./refusal.ts"
import { Storage } from "./storage.ts"

const Check = Layer.provide(AuditCheck.Default, Storage)

/** As `head` prints it and `verify` takes it. */
const headPattern = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127}):([1-9]\d{0,14}):([0-9a-f]{64})$/

const headOf = (text: string): Option.Option<KeptHead> => {
  const [, orgId, number, hash] = headPattern.exec(text.trim()) ?? []
  return orgId === undefined || number === undefined || hash === undefined
    ? Option.none()
    : Option.some({ orgId, number: Number(number), hash })
}

const headsOf = (lines: ReadonlyArray<string>) => Option.all(lines.filter((line) => line.trim() !== "").map(headOf))

const notHeads = "expected <org>:<number>:<hash>, as audit head prints it"

const org = Options.text("org").pipe(
  Options.withDescription("Only this organisation; all when left out"),
  Options.filterMap(
    Schema.decodeUnknownOption(OrgId),
    "--org: expected 1 to 128 characters of A-Z a-z 0-9 . _ - that start with a letter or a digit"
  ),
  Options.optional
)

const orgsOf = (check: AuditCheck, org: Option.Option<string>): Stream.Stream<string> =>
  Option.match(org, { onNone: () => check.orgs, onSome: Stream.succeed })

const verify = Command.make("verify", {
  org,
  head: Options.text("head").pipe(
    Options.withDescription("A head that was kept; may be given several times"),
    Options.repeated,
    Options.filterMap(headsOf, `--head: ${notHeads}`)
  ),
  heads: Options.fileText("heads").pipe(
    Options.withDescription("A file of such heads, one a line"),
    Options.filterMap(([, text]) => headsOf(text.split("\n")), `--heads: ${notHeads}`),
    Options.withDefault(new Array<KeptHead>())
  )
}, ({ head, heads, org }) =>
  Effect.gen(function*() {
    const check = yield* AuditCheck
    const kept = [...head, ...heads].filter(({ orgId }) => Option.isNone(org) || org.value === orgId)
    // Of an organisation whose log is gone altogether nothing else is left.
    const known = Stream.concat(orgsOf(check, org), Stream.fromIterable(new Set(kept.map(({ orgId }) => orgId))))
    const seen = new Set<string>()
    const broken = yield* known.pipe(
      Stream.filter((orgId) => !seen.has(orgId)),
      Stream.tap((orgId) => Effect.sync(() => seen.add(orgId))),
      Stream.runFoldEffect(0, (broken, orgId) =>
        Effect.gen(function*() {
          const { entries, flaw } = yield* check.check(orgId, kept.filter((one) => one.orgId === orgId))
          yield* Option.match(flaw, {
            onNone: () => Console.log(`${orgId}: ${entries} ${entries === 1 ? "entry" : "entries"}, unbroken`),
            onSome: ({ number, what }) => Console.error(`${orgId}: entry ${number} ${what}`)
          })
          return Option.isSome(flaw) ? broken + 1 : broken
        }))
    )
    if (broken > 0) {
      return yield* new Refused({ message: `The audit log of ${broken} of ${seen.size} organisations is broken` })
    }
  })).pipe(
    Command.withDescription("Finds entries that were edited, removed, added or put in another order"),
    Command.provide(Check)
  )

const head = Command.make("head", { org }, ({ org }) =>
  Effect.gen(function*() {
    const check = yield* AuditCheck
    yield* Stream.runForEach(orgsOf(check, org), (orgId) =>
      Effect.flatMap(check.head(orgId), (head) =>
        Option.match(head, {
          onNone: () =>
            Effect.void,
          onSome: ({ lastHash, lastNumber }) => Console.log(`${orgId}:${lastNumber}:${lastHash}`)
        })))
  })).pipe(
    Command.withDescription(
      "Prints where each log ends, to be kept elsewhere: verify then finds a log that was written anew"
    ),
    Command.provide(Check)
  )

/** `audit verify`, `audit head`. */
export const audit = Command.make("audit").pipe(
  Command.withDescription("The log of who did what"),
  Command.withSubcommands([verify, head])
)
