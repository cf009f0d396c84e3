import { Effect } from "effect"
import { connect } from "node:net"
import type { Answer } from "./ask.ts"

const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/

/** `100 Continue` and the like announce an answer. */
const interim = /^(?:HTTP\/1\.1 1\d\d [^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)+/

const headersOf = (lines: string) =>
  Object.fromEntries(
    lines.split("\r\n").filter((line) => line !== "").map((line) => {
      const colon = line.indexOf(":")
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    })
  )

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const unchunked = (text: string): string => {
  let rest = text
  let body = ""
  while (true) {
    const end = rest.indexOf("\r\n")
    const size = Number.parseInt(rest.slice(0, end), 16)
    if (end === -1 || !Number.isFinite(size) || size === 0) return body
    body += rest.slice(end + 2, end + 2 + size)
    rest = rest.slice(end + 2 + size + 2)
  }
}

/** Whether an answer has come whole; `headOnly` where it has no body, as to HEAD. */
export const isWhole = (received: Buffer, headOnly: boolean): boolean => {
  const text = received.toString("latin1").replace(interim, "")
  const found = head.exec(text)
  if (found === null) return false
  if (headOnly) return true
  const length = headersOf(found[2] ?? "")["content-length"]
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= found[0].length + Number(length)
}

/** The answers in what came, one behind the other. Bodies are taken as Latin-1, so that lengths are bytes. */
export const answersIn = (received: Buffer): ReadonlyArray<Answer> => {
  const answers: Array<Answer> = []
  let rest = received.toString("latin1").replace(interim, "")
  for (let found = head.exec(rest); found !== null; found = head.exec(rest)) {
    const headers = headersOf(found[2] ?? "")
    const behind = rest.slice(found[0].length)
    const length = headers["content-length"]
    const bytes = length === undefined ? unchunked(behind) : behind.slice(0, Number(length))
    const text = Buffer.from(bytes, "latin1").toString("utf8")
    answers.push({ status: Number(found[1]), headers, text, json: parsed(text) })
    rest = length === undefined ? "" : behind.slice(Number(length))
  }
  return answers
}

interface Patience {
  /** How long to wait after the last that came. */
  readonly patienceMs?: number
  /** When enough has come. By default the other side decides, by closing the connection. */
  readonly until?: (received: Buffer) => boolean
}

/** Sends bytes as they are, on a connection of their own, and gives what comes back. */
export const exchange = (url: string, bytes: string | Uint8Array, { patienceMs = 2000, until }: Patience = {}) =>
  Effect.async<Buffer>((resume) => {
    const { hostname, port } = new URL(url)
    const chunks: Array<Buffer> = []
    const socket = connect(Number(port), hostname)
    const end = () => {
      socket.destroy()
      resume(Effect.succeed(Buffer.concat(chunks)))
    }
    socket.setTimeout(patienceMs, end)
    socket.on("data", (chunk) => {
      chunks.push(chunk)
      if (until?.(Buffer.concat(chunks)) === true) end()
    })
    socket.on("close", end).on("error", end)
    socket.write(bytes)
  })
