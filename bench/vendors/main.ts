import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { answers } from "./answers.ts"
import { Calls } from "./calls.ts"

/**
 * Stand-ins for all vendors on one port: as light as Node allows, so that they are not what is measured. They answer at
 * once and count what is asked of them.
 */
const calls = new Calls()

const bodyOf = (request: IncomingMessage, then: (body: string) => void) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => void chunks.push(chunk))
  request.on("end", () => then(chunks.length === 0 ? "" : Buffer.concat(chunks).toString()))
}

const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
  const { headers, method = "GET", url = "/" } = request
  const ended = calls.begin(
    `${headers.authorization ?? ""} ${method} ${url} ${body}`,
    /messages?$|postMessage$/.test(url)
  )
  const { headers: more = {}, text } = answers(method, url, body)
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...more })
  response.end(text, ended)
}

const server = createServer((request, response) => {
  if (request.url === "/health/ready") return void response.end()
  if (request.method === "GET") answer(request, response, "")
  else bodyOf(request, (body) => answer(request, response, body))
})
server.keepAliveTimeout = 60_000

process.on("message", (message) => {
  if (message === "reset") calls.reset()
  if (message === "counts") process.send?.(calls.counts())
})
process.on("disconnect", () => process.exit())

server.listen(Number(process.env["PORT"]), "127.0.0.1")
