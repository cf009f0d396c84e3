import { Predicate, Schema } from "effect"
import { randomUUID } from "node:crypto"
import type { Server, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import * as Errors from "../api/errors.ts"
import { RequestInvalid } from "../domain/Errors.ts"

/*
 * What Node's parser refuses never becomes a request, so no middleware sees it. By itself Node answers with a bare status.
 */

const problems: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "expected a shorter URL, and fewer or shorter headers",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "expected shorter chunk extensions",
  ERR_HTTP_REQUEST_TIMEOUT: "expected it to arrive in time"
}

const encode = Schema.encodeSync(Schema.parseJson(Errors.RequestInvalid))

const answer = (error: Error): string => {
  const code = Predicate.hasProperty(error, "code") ? String(error.code) : ""
  const body = encode(new RequestInvalid({ problems: [`request: ${problems[code] ?? "expected well-formed HTTP"}`] }))
  return [
    "HTTP/1.1 400 Bad Request",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${randomUUID()}`,
    "connection: close",
    "",
    body
  ].join("\r\n")
}

/**
 * Answers in the documented shape what cannot be read as HTTP, and closes the connection. An `Expect` that Node does not know,
 * which it would answer with a bare 417, is ignored, as HTTP allows.
 */
export const answerUnreadable = (server: Server): void => {
  const latest = new WeakMap<Duplex, ServerResponse>()
  server.prependListener("request", (request, response) => void latest.set(request.socket, response))
  server.on("checkExpectation", (request, response) => void server.emit("request", request, response))
  server.on("clientError", (error, socket) => {
    const response = latest.get(socket)
    // Behind a part of another answer this one would be taken for its rest.
    const amidst = response !== undefined && response.headersSent && !response.writableFinished
    if (!socket.writable || amidst) return void socket.destroy(error)
    socket.end(answer(error), () => socket.destroy())
  })
}
