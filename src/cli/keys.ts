import { Command, Options } from "@effect/cli"
import { Console, DateTime, Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { randomBytes } from "node:crypto"
import * as Keyring from "../services/Keyring.ts"
import { KeyRotation } from "../services/KeyRotation.ts"
import { Vault } from "../services/Vault.ts"
import { Refused } from "./refusal.ts"
import { Storage } from "./storage.ts"
import { table } from "./table.ts"

/** The service's own keys and database. Opened by a command that needs them, not by `generate`. */
const Rotation = KeyRotation.Default.pipe(
  Layer.provide(Vault.Default),
  Layer.provide(Keyring.layer),
  Layer.provide(Storage)
)

const json = Options.boolean("json").pipe(Options.withDescription("Answer in JSON, for scripts"))

const listAsJson = Schema.encode(Schema.parseJson(
  Schema.Array(Schema.Struct({
    id: Schema.String,
    use: Schema.Literal("encrypts", "decrypts", "missing"),
    values: Schema.Int
  })),
  { space: 2 }
))

const list = Command.make("list", { json }, ({ json }) =>
  Effect.gen(function*() {
    const uses = yield* Effect.flatMap(KeyRotation, (rotation) => rotation.uses)
    yield* Console.log(
      json
        ? yield* listAsJson(uses)
        : table(["KEY", "USE", "VALUES"], uses.map(({ id, use, values }) => [id, use, String(values)]))
    )
  })).pipe(
    Command.withDescription(
      "Lists the keys of the ring, and those that stored values name and the ring lacks, with how many values are under each"
    ),
    Command.provide(Rotation)
  )

const counted = (amount: number, what: string) => `${amount} ${amount === 1 ? "value" : "values"} ${what}`

const rotate = Command.make("rotate", {}, () =>
  Effect.gen(function*() {
    const rotation = yield* KeyRotation
    const done = yield* Stream.runFoldEffect(
      rotation.rotate,
      { rotated: 0, changed: 0, unopenable: 0 },
      (sum, { changed, rotated, unopenable }) =>
        Effect.forEach(unopenable, ({ message }) => Console.error(message), { discard: true }).pipe(
          Effect.as({
            rotated: sum.rotated + rotated,
            changed: sum.changed + changed,
            unopenable: sum.unopenable + unopenable.length
          })
        )
    )
    const uses = yield* rotation.uses
    const left = uses.reduce((sum, { use, values }) => use === "encrypts" ? sum : sum + values, 0)
    const current = uses.find(({ use }) => use === "encrypts")?.id ?? ""
    yield* Console.log([
      counted(done.rotated, `brought under key ${current}`),
      counted(done.changed, "configured or forgotten meanwhile"),
      counted(done.unopenable, "that could not be opened"),
      counted(left, "left under other keys")
    ].join("\n"))
    if (left > done.unopenable) {
      return yield* new Refused({
        message:
          "Values were stored under another key meanwhile: start the service with the new ring, and run this again"
      })
    }
    if (left > 0) return yield* new Refused({ message: "Bring the missing keys back, or configure those anew" })
  })).pipe(
    Command.withDescription("Encrypts everything anew that is not under the first key; may be stopped and run again"),
    Command.provide(Rotation)
  )

/** Says how old the key is; the rest keeps two of one day apart. */
const newId = Effect.map(
  DateTime.now,
  (now) => `k${DateTime.formatIsoDateUtc(now).replaceAll("-", "")}-${randomBytes(2).toString("hex")}`
)

const generate = Command.make("generate", {
  id: Options.text("id").pipe(
    Options.withDescription("The key's id; made from the date when left out"),
    Options.filterMap(
      Option.liftPredicate(Keyring.isKeyId),
      "--id: expected 1 to 32 characters of A-Z a-z 0-9 . _ -"
    ),
    Options.optional
  )
}, ({ id }) =>
  Effect.gen(function*() {
    const key = yield* Keyring.newKey(yield* Option.match(id, { onNone: () => newId, onSome: Effect.succeed }))
    yield* Console.log(Redacted.value(key))
  })).pipe(Command.withDescription("Prints a new entry for ENCRYPTION_KEYS or the key file; stores nothing"))

/** `keys list`, `keys rotate`, `keys generate`. */
export const keys = Command.make("keys").pipe(
  Command.withDescription("The keys that credentials are encrypted with"),
  Command.withSubcommands([list, rotate, generate])
)
