import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import { readFileSync } from "node:fs"
import { compile, EventPattern } from "../../src/domain/ChannelRoute.ts"

/** Dynamic programming over both texts, one character at a time: slow, and too simple to be wrong. */
const oracle = (pattern: string, eventType: string): boolean => {
  let row = Array.from({ length: eventType.length + 1 }, (_, index) => index === 0)
  for (const character of pattern) {
    const next = row.map(() => false)
    for (let index = 0; index <= eventType.length; index++) {
      next[index] = character === "*"
        ? row.slice(0, index + 1).includes(true)
        : index > 0 && row[index - 1] === true && eventType[index - 1] === character
    }
    row = next
  }
  return row[eventType.length] === true
}

/** Few characters, so that patterns and types often meet; with what regular expressions would take for syntax. */
const pattern = FastCheck.string({
  unit: FastCheck.constantFrom("a", "b", "A", ".", "_", "-", "*", "*"),
  maxLength: 12
})
const eventType = FastCheck.string({ unit: FastCheck.constantFrom("a", "b", "A", ".", "_", "-", "*"), maxLength: 16 })

/** A pattern and a type that was made from it by putting something in place of each star. */
const filled = FastCheck.array(FastCheck.tuple(FastCheck.constantFrom("a", "b.", "_-", "*"), eventType), {
  maxLength: 8
}).map((parts) => ({
  pattern: parts.map(([part]) => part).join(""),
  eventType: parts.map(([part, filling]) => part === "*" ? filling : part).join("")
}))

const head = "| pattern | event type | matches |\n|---|---|---|\n"
const [, published = ""] = readFileSync(new URL("../../docs/routing.md", import.meta.url), "utf8").split(head)
const lines = published.slice(0, published.indexOf("\n\n")).split("\n")

/** The published table; an empty cell is an empty type. */
const cases = lines.flatMap((line) => {
  const [, pattern = "", eventType = "", matches] = /^\| `([^`]+)` \| (?:`([^`]+)`)? *\| (yes|no) \|$/.exec(line) ?? []
  return matches === undefined ? [] : [[pattern, eventType, matches === "yes"] as const]
})

describe("matches", () => {
  it("has every published case to go by", () => {
    assert.isAbove(cases.length, 40)
    assert.lengthOf(cases, lines.length)
  })

  it.each(cases)("%s on %s is %s", (pattern, eventType, expected) => {
    assert.strictEqual(compile(pattern)(eventType), expected)
    assert.strictEqual(oracle(pattern, eventType), expected)
  })

  it.prop("agrees with the oracle", [pattern, eventType], ([pattern, eventType]) => {
    assert.strictEqual(compile(pattern)(eventType), oracle(pattern, eventType))
  }, { fastCheck: { numRuns: 2000 } })

  it.prop("takes whatever stands for a star", [filled], ([{ eventType, pattern }]) => {
    assert.isTrue(compile(pattern)(eventType))
    assert.isTrue(oracle(pattern, eventType))
  }, { fastCheck: { numRuns: 500 } })

  it.prop("does not care how many stars stand together", [pattern, eventType], ([pattern, eventType]) => {
    assert.strictEqual(compile(pattern.replaceAll("*", "***"))(eventType), compile(pattern)(eventType))
  })

  it("ends on patterns that make backtracking endless", () => {
    const stars = "*a".repeat(60)
    const long = "a".repeat(10_000)
    assert.isFalse(compile(`${stars}*b`)(long))
    assert.isTrue(compile(`${stars}*`)(long))
    assert.isFalse(compile(`${"*aab".repeat(30)}*`)(long))
    assert.isTrue(compile("*".repeat(128))(long))
  })
})

describe("EventPattern", () => {
  const accepts = (text: unknown) => Either.isRight(Schema.decodeUnknownEither(EventPattern)(text))

  it("takes 1 to 128 of the documented characters", () => {
    for (const good of ["*", "a", "sentry.*", "A-Z_0.9*", "a".repeat(128)]) assert.isTrue(accepts(good), good)
    for (const bad of ["", "a".repeat(129), "a b", "a/b", "ä", "a?", "[a]", "a\n", "a+", 5, null]) {
      assert.isFalse(accepts(bad), String(bad))
    }
  })
})
