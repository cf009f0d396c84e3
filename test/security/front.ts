import { Effect } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { type accounts, type Credentials, type Vendor, vendors } from "./tenants.ts"

/** A vendor call as it came in, and whose credential it bore: `undefined` for nobody's. */
export interface VendorCall {
  readonly vendor: Vendor
  readonly tenant: string | undefined
  readonly url: string
  readonly headers: ReadonlyArray<string>
  readonly body: string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What becomes of the vendor's normal reply on its way. */
export type Twist = (call: VendorCall, credential: string, reply: Reply) => Reply | "hang" | "reset" | "stall"

export interface Tenant {
  readonly name: string
  readonly tokens: Credentials
  readonly accounts: Effect.Effect.Success<ReturnType<typeof accounts>>
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

const onTheWay = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "content-encoding",
  "keep-alive",
  "date"
])

const unknown: Reply = { status: 401, headers: { "content-type": "application/json" }, body: `{"error":"who?"}` }

/**
 * Every vendor at one address each: a call is handed on to the account that its credential stands for, and is noted.
 * `environment` points the service there.
 */
export const front = (tenants: ReadonlyArray<Tenant>) =>
  Effect.gen(function*() {
    const calls: Array<VendorCall> = []
    const twist: { current: Twist } = { current: (_call, _credential, reply) => reply }

    const handedOn = async (vendor: Vendor, tenant: Tenant, request: IncomingMessage, body: string): Promise<Reply> => {
      const { origin } = new URL(tenant.accounts[vendor].url)
      const headers = Object.entries(request.headers)
        .filter(([name]) => name !== "host" && !onTheWay.has(name))
        .map(([name, value]): [string, string] => [name, String(value)])
      const method = request.method ?? "GET"
      const response = await fetch(`${origin}${request.url}`, {
        method,
        headers,
        redirect: "manual",
        ...(method !== "GET" && { body })
      })
      return {
        status: response.status,
        headers: Object.fromEntries([...response.headers].filter(([name]) => !onTheWay.has(name))),
        body: await response.text()
      }
    }

    const answer = async (vendor: Vendor, request: IncomingMessage, response: ServerResponse) => {
      const body = await bodyOf(request)
      const url = request.url ?? ""
      const borne = `${request.headers.authorization ?? ""} ${decodeURIComponent(url)}`
      const tenant = tenants.find(({ tokens }) => borne.includes(tokens[vendor]))
      const call = { vendor, tenant: tenant?.name, url, headers: request.rawHeaders, body }
      calls.push(call)
      const normal = tenant === undefined ? unknown : await handedOn(vendor, tenant, request, body)
      const reply = twist.current(call, tenant?.tokens[vendor] ?? "", normal)
      if (reply === "hang") return
      if (reply === "reset") return void request.socket.destroy()
      if (reply === "stall") {
        response.writeHead(200, { "content-type": "application/json", "content-length": "1000" })
        return void response.write("{")
      }
      response.writeHead(reply.status, reply.headers).end(reply.body)
    }

    const started = yield* Effect.forEach(vendors, (vendor) =>
      Effect.acquireRelease(
        Effect.async<readonly [string, string, () => void]>((resume) => {
          const server = createServer((request, response) => {
            answer(vendor, request, response).catch(() => response.destroy())
          })
          const close = () => {
            server.close()
            server.closeAllConnections()
          }
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            const port = typeof address === "object" ? address?.port : undefined
            const path = vendor === "linear" ? "/graphql" : ""
            resume(Effect.succeed([`${vendor.toUpperCase()}_API_URL`, `http://127.0.0.1:${port}${path}`, close]))
          })
        }),
        ([, , close]) => Effect.sync(close)
      ))
    const environment = Object.fromEntries(started.map(([name, url]) => [name, url]))
    return { calls, twist, environment } as const
  })
