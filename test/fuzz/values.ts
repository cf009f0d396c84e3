import { FastCheck } from "effect"
import { entriesOf, type JsonSchema, listOf, resolved, schemaOf, schemasOf } from "./document.ts"

/** Strings that some part of a server, a driver or a terminal gets wrong. */
export const oddStrings: ReadonlyArray<string> = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\udc00\ud800",
  "\uffff\ufffe",
  "\u202e\u200b\ufeff",
  "\u{1f525}".repeat(300),
  "a".repeat(8192),
  "\r\nx-injected: 1\r\n\r\n",
  "../../../../etc/passwd",
  "%2e%2e%2f",
  "%",
  "%00",
  "%zz",
  "'; DROP TABLE events; --",
  "\" OR 1=1",
  "${7*7}{{7*7}}<%= 7 %>",
  "<script>alert(1)</script>",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "NaN",
  "-0",
  "1e400",
  "0x10",
  "\u0661",
  "i\u0307\u00df",
  "route-001",
  "route-000",
  "route-9999999999999999999",
  "*".repeat(128),
  "a*".repeat(64),
  "9".repeat(400)
]

const oddNumbers: ReadonlyArray<number> = [
  0,
  -0,
  -1,
  0.1,
  1e-320,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  1e308,
  Number.MAX_VALUE
]

const deep = (levels: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** Values of the wrong type, of no sane size, or of no sane shape. */
export const oddValue: FastCheck.Arbitrary<unknown> = FastCheck.oneof(
  FastCheck.constantFrom<Array<unknown>>(
    ...oddStrings,
    ...oddNumbers,
    null,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    deep(50)
  ),
  FastCheck.string({ unit: "binary", maxLength: 300 }),
  FastCheck.jsonValue({ maxDepth: 3 }),
  FastCheck.dictionary(FastCheck.constantFrom(...oddStrings.slice(0, 30)), FastCheck.constantFrom(1, "x", null), {
    maxKeys: 4
  })
)

/** Strings of a pattern, as far as they can be made; a few of its kind where they cannot. */
const matching = (pattern: string): FastCheck.Arbitrary<string> => {
  try {
    return FastCheck.stringMatching(new RegExp(pattern))
  } catch {
    return FastCheck.string({ unit: "grapheme", minLength: 1, maxLength: 60 })
  }
}

const stringOf = (schema: JsonSchema): FastCheck.Arbitrary<unknown> => {
  const { examples, pattern } = schema
  const free = typeof pattern === "string" ? matching(pattern) : FastCheck.string({ maxLength: 40 })
  // Nobody out there is called: pages that are only shown are as good on this machine.
  const shown = listOf(examples).map((one) => String(one).replace(/^https:\/\/[^/]+/, "https://127.0.0.1:9"))
  return shown.length === 0 ? free : FastCheck.oneof({ weight: 3, arbitrary: FastCheck.constantFrom(...shown) }, free)
}

/** Values that a schema of the document takes, or nearly so. */
export const valueOf = (document: unknown, given: JsonSchema): FastCheck.Arbitrary<unknown> => {
  const schema = resolved(document, given)
  const { anyOf, enum: values, items, maximum, minimum, properties, required, type } = schema
  if (Array.isArray(values)) return FastCheck.constantFrom<Array<unknown>>(...values)
  const members = schemasOf(anyOf)
  if (members.length > 0) return FastCheck.oneof(...members.map((member) => valueOf(document, member)))
  switch (type) {
    case "string":
      return stringOf(schema)
    case "integer":
    case "number":
      return FastCheck.integer({
        min: typeof minimum === "number" ? minimum : -10,
        max: typeof maximum === "number" ? maximum : 1000
      })
    case "boolean":
      return FastCheck.boolean()
    case "null":
      return FastCheck.constant(null)
    case "array":
      return FastCheck.array(valueOf(document, schemaOf(items)), { maxLength: 3 })
    case "object":
      return FastCheck.record(
        Object.fromEntries(entriesOf(properties).map(([name, part]) => [name, valueOf(document, schemaOf(part))])),
        { requiredKeys: listOf(required).map(String), noNullPrototype: true }
      )
    default:
      return FastCheck.jsonValue({ maxDepth: 2 })
  }
}

/** Changes one place of a value: another value there, nothing, or something beside it. */
export const mutated = (value: unknown, where: ReadonlyArray<number>, odd: unknown): unknown => {
  const [first = 0, ...rest] = where
  const entries = entriesOf(value)
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item, index): unknown => index === first % value.length ? mutated(item, rest, odd) : item)
  }
  if (entries.length === 0 || where.length === 0) return odd
  const at = first % (entries.length + 2)
  if (at === entries.length) return Object.fromEntries([...entries, [`odd${first}`, odd]])
  if (at === entries.length + 1) return Object.fromEntries(entries.slice(1))
  return Object.fromEntries(
    entries.map(([name, item], index) => [name, index === at ? mutated(item, rest, odd) : item])
  )
}
