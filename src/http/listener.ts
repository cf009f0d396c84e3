import { Predicate, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import * as Errors from "../api/errors.ts"
import { PathNotFound, RequestInvalid } from "../domain/Errors.ts"
import { maxConnections, maxHeaderBytes, type ServerLimits } from "./limits.ts"

/*
 * What goes wrong before there is a request is answered by Node with a bare status. Here it gets the documented shape,
 * as 400 VALIDATION_ERROR: the catalogue has no code for each way in which bytes are no HTTP.
 */

const json = "application/json"
const invalid = Schema.encodeSync(Schema.parseJson(Errors.RequestInvalid))
const notFound = Schema.encodeSync(Schema.parseJson(Errors.PathNotFound))

const refused = (problem: string): string => invalid(new RequestInvalid({ problems: [problem] }))

const problemOf = (code: string): string => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return `headers: expected at most ${maxHeaderBytes} bytes, the request line included`
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return "body: expected no chunk extensions"
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "request: did not arrive in time"
    default:
      return "request: expected HTTP/1.1"
  }
}

/** A whole answer, after which the connection is closed: what else comes on it cannot be told apart. */
const write = (socket: Duplex, status: string, body: string): void => {
  const head = [
    `HTTP/1.1 ${status}`,
    `content-type: ${json}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${randomUUID()}`,
    "connection: close"
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy())
}

/**
 * Who waits for the end of an answer is told of it by Node only once all is written, which never comes where the
 * connection has gone: a request that was seen through for nobody would wait for ever, with all that it holds. Here the
 * end of the connection ends its answer too.
 */
const endWithConnection = (response: ServerResponse): void => {
  response.on("newListener", (event: string, ended: () => void) => {
    if (event !== "finish") return
    if (response.destroyed) process.nextTick(ended)
    else response.once("close", () => void (response.writableFinished || ended()))
  })
}

/** A server that keeps to the limits, and says so in the documented shape. */
export const makeListener = (limits: ServerLimits): Server => {
  const { headersTimeout, keepAliveTimeout, requestTimeout } = limits
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    keepAliveTimeout,
    // How late a timeout may be noticed.
    connectionsCheckingInterval: Math.ceil(Math.min(headersTimeout, requestTimeout, 4000) / 4),
    // Checked by us, because Node answers without a body.
    requireHostHeader: false
  })
  server.maxConnections = maxConnections

  /** The latest answer on each connection: one that is half written cannot be followed by another. */
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.prependListener("request", (request: IncomingMessage, response) => {
    answers.set(request.socket, response)
    endWithConnection(response)
  })

  server.on("clientError", (error, socket) => {
    const answer = answers.get(socket)
    const underWay = answer !== undefined && answer.headersSent && !answer.writableFinished
    if (!socket.writable || underWay) return void socket.destroy()
    const code = Predicate.hasProperty(error, "code") ? String(error.code) : ""
    if (code === "ECONNRESET") return void socket.destroy()
    write(socket, "400 Bad Request", refused(problemOf(code)))
  })

  server.on("checkExpectation", (_, response) => {
    const body = refused("expect: expected 100-continue")
    response.writeHead(400, {
      "content-type": json,
      "content-length": Buffer.byteLength(body),
      "x-request-id": randomUUID(),
      connection: "close"
    })
    response.end(body)
  })

  server.on("connect", (_, socket) => write(socket, "404 Not Found", notFound(new PathNotFound())))
  return server
}
