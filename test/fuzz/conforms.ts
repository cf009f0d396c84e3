import { at } from "../http/ask.ts"
import { entriesOf, type JsonSchema, listOf, schemaOf, schemasOf } from "./document.ts"

/** Says nothing of what a value may be. */
const annotations = new Set(["description", "title", "examples", "default", "format", "$id"])

const isOfType = (type: unknown, value: unknown): boolean => {
  switch (type) {
    case "string":
    case "boolean":
      return typeof value === type
    case "number":
      return typeof value === "number"
    case "integer":
      return Number.isInteger(value)
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value)
    default:
      return Array.isArray(type) && type.some((one) => isOfType(one, value))
  }
}

const numberOr = (value: unknown, otherwise: number): number => typeof value === "number" ? value : otherwise

/**
 * Where a value is not what a schema of the document says. Keywords that it does not know are a complaint too: nothing
 * passes because it was not looked at.
 */
export const complaints = (
  document: unknown,
  schema: JsonSchema,
  value: unknown,
  where = "$"
): ReadonlyArray<string> => {
  const inner = (part: JsonSchema, of: unknown = value, place = where) => complaints(document, part, of, place)
  const unless = (fits: boolean, what: string) => fits ? [] : [`${where}: ${what}`]
  const size = Array.isArray(value) ? value.length : typeof value === "string" ? [...value].length : 0
  return Object.entries(schema).flatMap(([keyword, wanted]): ReadonlyArray<string> => {
    if (annotations.has(keyword)) return []
    switch (keyword) {
      case "$ref":
        return inner(schemaOf(at(document, ...String(wanted).split("/").slice(1))))
      case "type":
        return unless(isOfType(wanted, value), `is no ${String(wanted)}`)
      case "enum":
        return unless(listOf(wanted).includes(value), `is none of ${JSON.stringify(wanted)}`)
      case "const":
        return unless(wanted === value, `is not ${JSON.stringify(wanted)}`)
      case "allOf":
        return schemasOf(wanted).flatMap((part) => inner(part))
      case "anyOf":
      case "oneOf": {
        const each = schemasOf(wanted).map((part) => inner(part))
        return each.some((found) => found.length === 0) ? [] : [`${where}: fits none of ${each.length}`, ...each.flat()]
      }
      case "pattern":
        return unless(typeof value !== "string" || new RegExp(String(wanted), "u").test(value), `does not match`)
      case "minLength":
      case "minItems":
        return unless(size >= numberOr(wanted, 0), "is too short")
      case "maxLength":
      case "maxItems":
        return unless(size <= numberOr(wanted, Infinity), "is too long")
      case "minimum":
        return unless(numberOr(value, Infinity) >= numberOr(wanted, 0), "is too small")
      case "maximum":
        return unless(numberOr(value, 0) <= numberOr(wanted, Infinity), "is too large")
      case "items":
        return listOf(value).flatMap((item, index) => inner(schemaOf(wanted), item, `${where}[${index}]`))
      case "required":
        return listOf(wanted).flatMap((name) => unless(Object.hasOwn(Object(value), String(name)), `lacks ${name}`))
      case "properties":
        return entriesOf(wanted).flatMap(([name, part]) =>
          Object.hasOwn(Object(value), name) ? inner(schemaOf(part), at(value, name), `${where}.${name}`) : []
        )
      case "additionalProperties": {
        const known = new Set(entriesOf(schema["properties"]).map(([name]) => name))
        const others = entriesOf(value).filter(([name]) => !known.has(name))
        if (wanted === false) return others.map(([name]) => `${where}: has ${name}, which is not documented`)
        return others.flatMap(([name, other]) => inner(schemaOf(wanted), other, `${where}.${name}`))
      }
      default:
        return [`${where}: ${keyword} is a keyword that is not known here`]
    }
  })
}
