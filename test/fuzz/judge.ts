import { type Answer, at } from "../http/ask.ts"
import { complaints } from "./conforms.ts"
import type { Operation } from "./document.ts"
import type { Fuzzed } from "./requests.ts"

const documentedKeys = new Set(["error", "code", "status", "details"])

/** What is not as every failure has to be. */
const misshapen = ({ json, status }: Answer): string | undefined => {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return "a failure that is no object"
  if (Object.keys(json).some((key) => !documentedKeys.has(key))) return "a failure with a field that is not documented"
  if (at(json, "status") !== status) return "a failure whose status is another's"
  const details = at(json, "details")
  return typeof at(json, "error") === "string" && /^[A-Z_]+$/.test(String(at(json, "code"))) &&
      (details === undefined || typeof details === "string")
    ? undefined
    : "a failure without error or code, or with odd details"
}

/** Failures of requests that belong to no operation, or never became a request. */
const belongsToNone = ({ headers, json, status }: Answer): boolean => {
  const code = at(json, "code")
  if (status === 404 && code === "NOT_FOUND") return true
  if (status === 405 && code === "METHOD_NOT_ALLOWED") return headers["allow"] !== undefined
  return status === 400 && code === "VALIDATION_ERROR" &&
    /^(?:request: expected HTTP|request: did not arrive|headers: expected at most|url: expected at most|body: expected no chunk|host: |expect: )/
      .test(
        String(at(json, "details"))
      )
}

/** The operation that a request has come to, which is not always the one that it was made for. */
const reached = (operations: ReadonlyArray<Operation>) => {
  const patterns = operations
    .map((operation) => ({ operation, pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "[^/]*")}$`) }))
    // What is spelled out comes before what is not.
    .toSorted((one, other) => one.operation.path.split("{").length - other.operation.path.split("{").length)
  return ({ method, target }: Fuzzed): Operation | undefined => {
    // Both are the same path by HTTP: a whole URL, as proxies are sent, and a letter written as its code.
    const path = target.split("?", 1)[0]?.replace(/^http:\/\/[^/]+/, "").replace("/%61pi", "/api") ?? ""
    return patterns.find(({ operation, pattern }) => operation.method === method && pattern.test(path))?.operation
  }
}

/** What is wrong with an answer, by the document; `undefined` where nothing is. */
export const judge = (document: unknown, operations: ReadonlyArray<Operation>) => {
  const operationOf = reached(operations)
  return (fuzzed: Fuzzed, answer: Answer): string | undefined => {
    const { method } = fuzzed
    const { headers, json, status, text } = answer
    if (status === 500) return "a defect"
    if (!/^[A-Za-z0-9._-]{1,128}$/.test(headers["x-request-id"]?.toString() ?? "")) return "no x-request-id"
    if (headers["x-injected"] !== undefined) return "a header of the caller's"
    if (method === "HEAD") return text === "" || belongsToNone(answer) ? undefined : "a body for HEAD"
    const operation = operationOf(fuzzed)
    const type = operation?.texts.get(status)
    if (type !== undefined) return headers["content-type"]?.startsWith(type) === true ? undefined : `no ${type}`
    if (!headers["content-type"]?.startsWith("application/json")) return "no JSON"
    if (json === undefined) return "JSON that does not parse"
    if (status >= 400) {
      const shape = misshapen(answer)
      if (shape !== undefined) return shape
      if (belongsToNone(answer)) return undefined
    }
    if (operation === undefined) return `${status} of no operation`
    const schema = operation.responses.get(status)
    if (schema === undefined) return `${status}, which ${operation.name} does not document`
    const found = complaints(document, schema, json)
    return found.length === 0
      ? undefined
      : `${operation.name} ${status} is not as documented: ${found.slice(0, 3).join("; ")}`
  }
}
