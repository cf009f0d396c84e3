import { Effect } from "effect"
import { connect } from "node:net"
import type { Answer } from "./ask.ts"

const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n/

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

/** The answers in what came, one behind the other. Bodies are taken as Latin-1, so that lengths are bytes. */
export const answersIn = (received: Buffer): ReadonlyArray<Answer> => {
  const answers: Array<Answer> = []
  let rest = received.toString("latin1")
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

/** Sends bytes as they are, and gives what comes back until the other side closes, or `patienceMs` after the last of it. */
export const exchange = (url: string, bytes: string | Uint8Array, patienceMs = 2000) =>
  Effect.async<Buffer>((resume) => {
    const { hostname, port } = new URL(url)
    const chunks: Array<Buffer> = []
    const socket = connect(Number(port), hostname)
    const end = () => {
      socket.destroy()
      resume(Effect.succeed(Buffer.concat(chunks)))
    }
    socket.setTimeout(patienceMs, end)
    socket.on("data", (chunk) => void chunks.push(chunk)).on("close", end).on("error", end)
    socket.write(bytes)
  })
