import { canary } from "./canaries.ts"
import type { Reply, Twist } from "./front.ts"

/** What every vendor's refusal can say, each word of it with the credential. */
const echo = (credential: string, slack: boolean): string => {
  const words = `Not good: ${credential}, ${encodeURIComponent(credential)} and ${btoa(credential)}`
  const extensions = { code: "INPUT_ERROR", type: "invalid input", userError: true, userPresentableMessage: words }
  return JSON.stringify({
    ok: false,
    error: slack ? words : { message: words, code: 100, errors: [words], error_data: { details: words } },
    errors: slack ? undefined : [{ message: words, extensions }],
    message: words,
    detail: words,
    description: words,
    [words]: words
  })
}

const echoed = (status: number, headers: Readonly<Record<string, string>> = {}): Twist => ({ vendor }, credential) => ({
  status,
  headers: {
    "content-type": "application/json",
    "x-echo": encodeURIComponent(credential),
    location: `https://elsewhere.test/bot${encodeURIComponent(credential)}/`,
    ...headers
  },
  body: echo(credential, vendor === "slack")
})

/** A good answer that holds the credential where nobody looks. */
export const oddPlaces: Twist = (_call, credential, reply): Reply => {
  const parsed: unknown = JSON.parse(reply.body)
  const more = { echo: credential, token: { value: credential, list: [credential] } }
  return {
    ...reply,
    headers: { ...reply.headers, "x-echo": btoa(credential), "set-cookie": encodeURIComponent(credential) },
    body: typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? JSON.stringify({ ...parsed, ...more })
      : reply.body
  }
}

const text = (body: (credential: string) => string, type = "application/json"): Twist => (_call, credential) => ({
  status: 200,
  headers: { "content-type": type },
  body: body(credential)
})

/** Every way in which a vendor can answer, or not. */
export const twists: Readonly<Record<string, Twist>> = {
  "as it should be": oddPlaces,
  ...Object.fromEntries([200, 302, 400, 401, 403, 404, 422, 500].map((status) => [status, echoed(status)])),
  429: echoed(429, { "retry-after": "3600" }),
  "a date to come back at": echoed(429, { "retry-after": canary() }),
  "no JSON": text((credential) => `{"token":"${credential}`),
  "another shape": text((credential) => JSON.stringify({ [credential]: credential, data: { [credential]: 1 } })),
  "a list": text((credential) => JSON.stringify([{ [credential]: credential }])),
  "a page": text((credential) => `<h1>${credential}</h1>`, "text/html"),
  "no answer": () => "hang",
  "half an answer": () => "stall",
  "no connection": () => "reset"
}
