import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
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

const cases: ReadonlyArray<readonly [pattern: string, eventType: string, expected: boolean]> = [
  ["sentry.issue.created", "sentry.issue.created", true],
  ["sentry.issue.created", "sentry.issue.created.", false],
  ["sentry.issue.created", "sentry.issue.create", false],
  ["sentry.issue.created", "sentry_issue_created", false],
  ["sentry.issue.created", "Sentry.issue.created", false],
  ["sentry.*", "sentry.issue.created", true],
  ["sentry.*", "sentry.", true],
  ["sentry.*", "sentry", false],
  ["sentry.*", "sentry-issue", false],
  ["sentry.*", "pagerduty.sentry.x", false],
  ["sentry*", "sentry", true],
  ["*", "", true],
  ["*", "incident.acknowledged", true],
  ["**", "", true],
  ["***", "deploy.started", true],
  ["*.created", "sentry.issue.created", true],
  ["*.created", "created", false],
  ["*.created", ".created", true],
  ["*.created", "linear.issue.created.twice", false],
  ["*.created", "a.created.created", true],
  ["sentry.*.created", "sentry.issue.created", true],
  ["sentry.*.created", "sentry.created", false],
  ["sentry.*.created", "sentry..created", true],
  ["sentry.*.created", "sentry.a.b.c.created", true],
  ["*issue*", "sentry.issue.created", true],
  ["*issue*", "issue", true],
  ["*issue*", "sentry.metric", false],
  ["*a*b*", "b.a", false],
  ["*a*b*", "a.b", true],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["ab*ba", "aba", false],
  ["ab*ba", "abba", true],
  ["*aba*aba", "ababa", false],
  ["*aba*aba", "abaaba", true],
  ["a.b", "axb", false],
  ["a-z", "m", false],
  ["*.*.*", "a.b", false],
  ["*.*.*", "a.b.c", true],
  ["deploy.*", "deploy.*", true],
  ["deploy.started", "deploy.*", false]
]

describe("matches", () => {
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
