import { FileSystem } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Keyring from "../../src/services/Keyring.ts"
import { environment, Platform, temporary } from "../fakes/Storage.ts"

const base64 = (fill: number, length = 32) => Buffer.alloc(length, fill).toString("base64")
const hex = Buffer.alloc(32, 0xab).toString("hex")

/** The key ring that an operator gets who sets these variables. */
const ring = (variables: Readonly<Record<string, string>>, platform = Platform) =>
  Effect.scoped(Effect.map(
    Layer.build(Keyring.layer.pipe(Layer.provide(environment(variables)), Layer.provide(platform))),
    Context.get(Keyring.Keyring)
  ))

const configured = (keys: string) => ring({ ENCRYPTION_KEYS: keys, DATABASE_URL: "file::memory:" })

const bytesOf = ({ secret }: Keyring.Key) => Buffer.from(Redacted.value(secret)).toString("base64")

describe("ENCRYPTION_KEYS", () => {
  it.effect("the first encrypts, all decrypt", () =>
    Effect.gen(function*() {
      const { current, find } = yield* configured(` new:${base64(1)} , old-2.x_y:${base64(2)}`)
      assert.strictEqual(current.id, "new")
      assert.strictEqual(bytesOf(current), base64(1))
      assert.strictEqual(Option.getOrThrow(Option.map(find("old-2.x_y"), bytesOf)), base64(2))
      assert.isTrue(Option.isNone(find("other")))
      assert.isTrue(Option.isNone(find("constructor")))
    }))

  it.effect("a key does not show itself", () =>
    Effect.gen(function*() {
      const { current } = yield* configured(`k1:${base64(1)}`)
      assert.notInclude(JSON.stringify(current), base64(1))
      assert.notInclude(String(current.secret), base64(1))
    }))

  it.effect.each<readonly [what: string, keys: string, expected: string]>([
    ["nothing", "", "expected id:base64"],
    ["no id", base64(1), "expected id:base64"],
    ["an empty id", `:${base64(1)}`, "expected id:base64"],
    ["an odd id", `k 1:${base64(1)}`, "expected id:base64"],
    ["no key", "k1:", "expected id:base64"],
    ["a comma too many", `k1:${base64(1)},`, "expected id:base64"],
    ["too short a key", `k1:${base64(1, 31)}`, "key k1 has 31 bytes, expected 32"],
    ["too long a key", `k1:${base64(1, 33)}`, "key k1 has 33 bytes, expected 32"],
    ["a key for AES-128", `k1:${base64(1)},k2:${base64(2, 16)}`, "key k2 has 16 bytes, expected 32"],
    ["a key in hex", `k1:${hex}`, "key k1 has 48 bytes, expected 32"],
    ["no base64", "k1:!!!!", "key k1 is not base64"],
    ["an id twice", `k1:${base64(1)},k1:${base64(2)}`, "expected each key id once"],
    ["a key twice", `k1:${base64(1)},k1:${base64(1)}`, "expected each key id once"],
    ["base64 before the id", `${base64(1)}:k1`, "expected id:base64"],
    ["hex before the id", `${hex}:k1`, "ENCRYPTION_KEYS"]
  ])("%s is refused by name, and no key is shown", ([, keys, expected]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(configured(keys))
      const shown = `${String(error)} ${JSON.stringify(error)}`
      assert.include(shown, "ENCRYPTION_KEYS")
      for (const key of [base64(1), base64(2), hex, base64(1, 31), base64(1, 33)]) assert.notInclude(shown, key)
      assert.include(shown, expected)
    }))
})

/** A disk that takes its time between making a file and writing to it, as any may. */
const SlowDisk = Layer.effect(
  FileSystem.FileSystem,
  Effect.map(FileSystem.FileSystem, (fs) => {
    const pause = (path: string) => Effect.repeatN(fs.exists(path), 100)
    return {
      ...fs,
      open: (path, options) => Effect.tap(fs.open(path, options), pause(path)),
      writeFileString: (path, data, options) =>
        fs.writeFileString(path, "", options).pipe(
          Effect.zipRight(pause(path)),
          Effect.zipRight(fs.writeFileString(path, data))
        )
    }
  })
)

describe("the key file", () => {
  const database = Effect.map(temporary, (directory) => {
    const file = join(directory, "made", "on the way", "integrations.db")
    return { file, key: `${file}.key`, open: ring({ DATABASE_URL: `file:${file}` }) }
  })

  it.scoped("is made beside the database, for its owner's eyes only", () =>
    Effect.gen(function*() {
      const { key, open } = yield* database
      const { current, find } = yield* open
      assert.strictEqual(statSync(key).mode & 0o777, 0o600)
      assert.strictEqual(readFileSync(key, "utf8"), `${current.id}:${bytesOf(current)}\n`)
      assert.strictEqual(Buffer.from(bytesOf(current), "base64").length, 32)
      assert.isTrue(Option.isSome(find(current.id)))
    }))

  it.scoped("is made once and used again", () =>
    Effect.gen(function*() {
      const { key, open } = yield* database
      const first = yield* open
      const text = readFileSync(key, "utf8")
      const second = yield* open
      assert.strictEqual(bytesOf(second.current), bytesOf(first.current))
      assert.strictEqual(readFileSync(key, "utf8"), text)
    }))

  it.scoped("is another one for another database", () =>
    Effect.gen(function*() {
      const [one, two] = yield* Effect.all([
        Effect.flatMap(database, ({ open }) => open),
        Effect.flatMap(database, ({ open }) => open)
      ])
      assert.notStrictEqual(bytesOf(one.current), bytesOf(two.current))
    }))

  it.scoped("is the same for all who start at once", () =>
    Effect.gen(function*() {
      const { open } = yield* database
      const rings = yield* Effect.all(Array.from({ length: 20 }, () => open), { concurrency: "unbounded" })
      assert.strictEqual(new Set(rings.map(({ current }) => bytesOf(current))).size, 1)
    }))

  it.scoped("is seen only whole by a second process that starts meanwhile", () =>
    Effect.gen(function*() {
      const file = join(yield* temporary, "integrations.db")
      const start = ring({ DATABASE_URL: `file:${file}` }, Layer.provideMerge(SlowDisk, Platform))
      const rings = yield* Effect.all([start, start, start], { concurrency: "unbounded" })
      assert.strictEqual(new Set(rings.map(({ current }) => bytesOf(current))).size, 1)
    }))

  it.scoped("may be written by the operator", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const file = join(directory, "mine.db")
      writeFileSync(`${file}.key`, `mine:${base64(9)},old:${base64(8)}`)
      const { current, find } = yield* ring({ DATABASE_URL: `file:${file}` })
      assert.strictEqual(current.id, "mine")
      assert.isTrue(Option.isSome(find("old")))
    }))

  it.scoped("is refused, not replaced, when it holds no key", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const file = join(directory, "broken.db")
      writeFileSync(`${file}.key`, "canary")
      const error = yield* Effect.flip(ring({ DATABASE_URL: `file:${file}` }))
      assert.include(String(error), `${file}.key`)
      assert.notInclude(String(error), "canary")
      assert.strictEqual(readFileSync(`${file}.key`, "utf8"), "canary")
    }))

  it.scoped("is not made where keys are configured, or the database is in memory", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const file = join(directory, "integrations.db")
      yield* ring({ DATABASE_URL: `file:${file}`, ENCRYPTION_KEYS: `k1:${base64(1)}` })
      yield* ring({ DATABASE_URL: "file::memory:" })
      deepStrictEqual(readdirSync(directory), [])
      assert.isFalse(existsSync(":memory:.key"))
    }))

  it.scoped("that cannot be made is said, and not worked around", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      writeFileSync(join(directory, "file"), "")
      const error = yield* Effect.flip(ring({ DATABASE_URL: `file:${join(directory, "file", "x.db")}` }))
      assert.include(String(error), join(directory, "file"))
    }))
})
