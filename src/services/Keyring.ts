import { FileSystem, Path } from "@effect/platform"
import { Config, ConfigError, Context, Data, Effect, Either, Encoding, Layer, Option, Redacted } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { databaseLocation } from "../persistence/Sql.ts"

/** 32 bytes for AES-256. */
const keyBytes = 32

export interface Key {
  readonly id: string
  readonly secret: Redacted.Redacted<Uint8Array>
}

/** The keys that config is encrypted with: the first encrypts, all decrypt. */
export class Keyring extends Context.Tag("services/Keyring")<
  Keyring,
  {
    readonly current: Key
    readonly find: (id: string) => Option.Option<Key>
    /** All of them, the current one first. */
    readonly ids: ReadonlyArray<string>
  }
>() {}

class KeyRefused extends Data.TaggedError("KeyRefused")<{ readonly message: string }> {}

/** Too short to be a key that was put in its place by mistake. */
export const isKeyId = (text: string): boolean => /^[A-Za-z0-9._-]{1,32}$/.test(text)

/** `id:base64`: the base64 stands for 32 bytes. */
const parseKey = (text: string): Either.Either<Key, KeyRefused> => {
  const [, id, base64] = /^([^:]+):(.+)$/.exec(text.trim()) ?? []
  if (id === undefined || base64 === undefined || !isKeyId(id)) {
    return Either.left(new KeyRefused({ message: "expected id:base64" }))
  }
  const refuse = (what: string) => new KeyRefused({ message: `key ${id} ${what}` })
  return Encoding.decodeBase64(base64).pipe(
    Either.mapLeft(() => refuse("is not base64")),
    Either.filterOrLeft(
      (bytes) => bytes.length === keyBytes,
      (bytes) => refuse(`has ${bytes.length} bytes, expected ${keyBytes}`)
    ),
    Either.map((bytes) => ({ id, secret: Redacted.make(bytes) }))
  )
}

const parseRing = (text: string): Either.Either<typeof Keyring.Service, KeyRefused> =>
  Either.flatMap(Either.all(text.split(",").map(parseKey)), (keys) => {
    const [current] = keys
    const byId = new Map(keys.map((key) => [key.id, key]))
    if (current === undefined || byId.size < keys.length) {
      return Either.left(new KeyRefused({ message: "expected each key id once" }))
    }
    return Either.right({ current, find: (id) => Option.fromNullable(byId.get(id)), ids: [...byId.keys()] })
  })

/** `ENCRYPTION_KEYS`: `id:base64[,id:base64…]`. */
export const encryptionKeys = Config.redacted("ENCRYPTION_KEYS").pipe(
  Config.mapOrFail((text) =>
    Either.mapLeft(
      parseRing(Redacted.value(text)),
      ({ message }) => ConfigError.InvalidData(["ENCRYPTION_KEYS"], message)
    )
  ),
  Config.option
)

const keysNeeded = "PostgreSQL needs it: id:base64 of 32 bytes, the same for every process"

/** Whatever is configured as keys; with PostgreSQL something has to be. */
export const requiredKeys = Config.all({ location: databaseLocation, keys: encryptionKeys }).pipe(
  Config.mapOrFail(({ keys, location }) =>
    "filename" in location || Option.isSome(keys)
      ? Either.right(keys)
      : Either.left(ConfigError.MissingData(["ENCRYPTION_KEYS"], keysNeeded))
  )
)

/** An entry of `ENCRYPTION_KEYS` with a new random key. */
export const newKey = (id: string): Effect.Effect<Redacted.Redacted> =>
  Effect.sync(() => Redacted.make(`${id}:${Encoding.encodeBase64(randomBytes(keyBytes))}`))

const firstKey = Effect.map(newKey("k1"), Redacted.value)

/**
 * Appears whole or not at all, also to a process that starts at the same time, and is on disk before anything is
 * encrypted with it. The first to come wins.
 */
const makeKeyFile = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const unfinished = `${file}.${randomUUID()}`
  yield* Effect.scoped(Effect.gen(function*() {
    const opened = yield* fs.open(unfinished, { flag: "wx", mode: 0o600 })
    yield* opened.writeAll(new TextEncoder().encode(`${yield* firstKey}\n`))
    yield* opened.sync
  }))
  yield* Effect.ensuring(fs.link(unfinished, file), Effect.orDie(fs.remove(unfinished)))
  yield* Effect.annotateLogs(
    Effect.logInfo("Made a new encryption key: back it up, without it the credentials are lost"),
    { file }
  )
})

/** The key file beside the database, made at the first start for its owner's eyes only. */
const keyFile = (file: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(path.dirname(path.resolve(file)), { recursive: true })
    if (!(yield* fs.exists(file))) {
      yield* Effect.catchIf(
        makeKeyFile(file),
        (error) => error._tag === "SystemError" && error.reason === "AlreadyExists",
        () => Effect.void
      )
    }
    const ring = parseRing(yield* fs.readFileString(file))
    return yield* Either.mapLeft(ring, ({ message }) => ConfigError.InvalidData([file], message))
  })

/** From `ENCRYPTION_KEYS`, or from the key file beside the database. */
export const layer = Layer.effect(
  Keyring,
  Effect.gen(function*() {
    const configured = yield* encryptionKeys
    if (Option.isSome(configured)) return configured.value
    const location = yield* databaseLocation
    // Several processes use the server's database: a key file beside one of them would be a key that the others lack.
    if (!("filename" in location)) return yield* Effect.fail(ConfigError.MissingData(["ENCRYPTION_KEYS"], keysNeeded))
    const { filename } = location
    return filename === ":memory:" ? yield* ephemeral : yield* keyFile(`${filename}.key`)
  })
)

const ephemeral = Effect.flatMap(firstKey, (key) => Effect.orDie(parseRing(key)))

/** A key that nobody keeps, for tests. */
export const layerEphemeral = Layer.effect(Keyring, ephemeral)
