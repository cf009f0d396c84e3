import { Predicate } from "effect"
import { inputError } from "./failures.ts"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether text has the shape of an id that a client may choose: a version 4 UUID. */
export const isUuidV4 = (id: string) => uuid.test(id) && id[14] === "4"

const lower = (value: unknown) => String(value).toLowerCase()
const list = (value: unknown) => Array.isArray(value) ? value : []

const comparators: Readonly<Record<string, (value: unknown, wanted: unknown) => boolean>> = {
  eq: (value, wanted) => value === wanted,
  neq: (value, wanted) => value !== wanted,
  in: (value, wanted) => list(wanted).includes(value),
  nin: (value, wanted) => !list(wanted).includes(value),
  null: (value, wanted) => (value === null) === wanted,
  lt: (value, wanted) => Number(value) < Number(wanted),
  lte: (value, wanted) => Number(value) <= Number(wanted),
  gt: (value, wanted) => Number(value) > Number(wanted),
  gte: (value, wanted) => Number(value) >= Number(wanted),
  eqIgnoreCase: (value, wanted) => lower(value) === lower(wanted),
  neqIgnoreCase: (value, wanted) => lower(value) !== lower(wanted),
  startsWith: (value, wanted) => String(value).startsWith(String(wanted)),
  startsWithIgnoreCase: (value, wanted) => lower(value).startsWith(lower(wanted)),
  notStartsWith: (value, wanted) => !String(value).startsWith(String(wanted)),
  endsWith: (value, wanted) => String(value).endsWith(String(wanted)),
  notEndsWith: (value, wanted) => !String(value).endsWith(String(wanted)),
  contains: (value, wanted) => String(value).includes(String(wanted)),
  containsIgnoreCase: (value, wanted) => lower(value).includes(lower(wanted)),
  notContains: (value, wanted) => !String(value).includes(String(wanted)),
  notContainsIgnoreCase: (value, wanted) => !lower(value).includes(lower(wanted))
}

/** Throws an input error where an `id` comparator of the filter holds what is neither a UUID nor `known`. */
export const checkIds = (filter: unknown, known: ReadonlySet<string>): void => {
  if (Array.isArray(filter)) return filter.forEach((part) => checkIds(part, known))
  if (!Predicate.isRecord(filter)) return
  for (const [key, wanted] of Object.entries(filter)) {
    const ids = key === "id" && Predicate.isRecord(wanted) ? Object.values(wanted).flat() : []
    const wrong = ids.find((id) => typeof id === "string" && !uuid.test(id) && !known.has(id))
    if (wrong !== undefined) throw inputError("Argument Validation Error", `id must be a UUID, not "${String(wrong)}".`)
    checkIds(wanted, known)
  }
}

/**
 * Whether a record passes a filter of Linear's API. Fields AND together; a relation that is null passes only `null: true`,
 * and a list passes where one of its members does.
 */
export const passes = (filter: unknown, record: unknown): boolean =>
  !Predicate.isRecord(filter) || Object.entries(filter).every(([key, wanted]) => {
    if (wanted === null || wanted === undefined) return true
    if (key === "and") return list(wanted).every((part) => passes(part, record))
    if (key === "or") return list(wanted).some((part) => passes(part, record))
    if (key === "some") return list(record).some((one) => passes(wanted, one))
    if (key === "every") return list(record).every((one) => passes(wanted, one))
    const compare = comparators[key]
    if (compare !== undefined) return compare(record, wanted)
    if (Array.isArray(record)) return record.some((one) => passes({ [key]: wanted }, one))
    const value = Predicate.isRecord(record) ? record[key] : undefined
    return value !== undefined && passes(wanted, value)
  })
