import { type DateTime, Option, Schema } from "effect"
import { Severity } from "./Event.ts"
import { Timestamp } from "./Timestamp.ts"

/** `agent-incident-` and six characters of `[a-z0-9]`. */
export const AgentId = Schema.String.annotations({
  identifier: "AgentId",
  description: "The agent's id, for ever the same",
  examples: ["agent-incident-xyz789"]
})

/** Whether some agent can have this id. */
export const isAgentId = (id: string): boolean => /^agent-incident-[a-z0-9]{6}$/.test(id)

/** Where an agent has got to in its inbox: the number of the last incident that it was given. */
export const InboxCursor = Schema.String.pipe(
  Schema.pattern(/^[1-9]\d{0,14}$/, { message: () => "expected a cursor that was given as next" }),
  Schema.annotations({
    identifier: "InboxCursor",
    description: "Where a page of the inbox ended: to be given back as it is",
    examples: ["42"]
  })
)

/** An entry of an agent's inbox, as it is read and as it is pushed. */
export const Incident = Schema.Struct({
  id: Schema.String.annotations({ description: "The inbox entry's id, for ever the same" }),
  eventId: Schema.String,
  eventType: Schema.String,
  projectId: Schema.NullOr(Schema.String),
  severity: Severity,
  title: Schema.String,
  url: Schema.NullOr(Schema.String),
  occurredAt: Timestamp,
  payload: Schema.Unknown.annotations({ description: "The sender's own data, as it was sent" })
}).annotations({ identifier: "AgentIncident", description: "Something that an incident agent has to look at" })
export type Incident = typeof Incident.Type

const parsed = (body: string): Option.Option<unknown> => Option.liftThrowable(JSON.parse)(body)

/** Parsers stop at some depth, our own serialiser among them: one such incident would close the inbox for good. */
const deepest = 500

const isShallow = (value: unknown, room = deepest): boolean =>
  typeof value !== "object" || value === null ||
  (room > 0 && Object.values(value).every((inner) => isShallow(inner, room - 1)))

const own = (value: unknown, key: string): Option.Option<unknown> =>
  typeof value === "object" && value !== null
    ? Option.map(
      Option.fromNullable(Object.getOwnPropertyDescriptor(value, key)),
      (property): unknown => property.value
    )
    : Option.none()

/**
 * What stands at the path in a body. Where there is nothing it is the whole body, and where the body is not JSON, or
 * nested beyond what receivers can read, its text.
 */
export const payloadOf = (body: string, dataPath: string): unknown => {
  const whole = Option.filter(parsed(body), (value) => isShallow(value))
  const path = dataPath === "" ? [] : dataPath.split(".")
  const data = path.reduce((found, key) => Option.flatMap(found, (value) => own(value, key)), whole)
  return Option.getOrElse(Option.orElse(data, () => whole), () => body)
}

/** What of an event makes an incident. */
export interface Reported {
  readonly id: string
  readonly type: string
  readonly projectId: string | null
  readonly severity: Severity
  readonly title: string
  readonly url: string | null
  readonly body: string
  readonly dataPath: string
  readonly occurredAt: DateTime.Utc
}

/** The incident that an event is in an agent's inbox, under its number there. */
export const incident = (agentId: string, number: number, event: Reported): Incident => {
  const { body, dataPath, id: eventId, occurredAt, projectId, severity, title, type: eventType, url } = event
  return {
    id: `inc-${agentId.replace(/^agent-incident-/, "")}-${number}`,
    eventId,
    eventType,
    projectId,
    severity,
    title,
    url,
    occurredAt,
    payload: payloadOf(body, dataPath)
  }
}

const isEndpointUrl = (text: string): boolean => {
  if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.length > 2048 || text.includes("#")) return false
  if (!URL.canParse(text)) return false
  const { password, username } = new URL(text)
  return username === "" && password === ""
}

/** Where an agent takes pushes. Which hosts, and whether http, is the operator's to say. It may hold a secret, so it is shown to its own organisation alone. */
export const EndpointUrl = Schema.String.pipe(
  Schema.filter(isEndpointUrl, {
    message: () => "expected an https URL of at most 2048 ASCII characters, without credentials and fragment",
    jsonSchema: { format: "uri", maxLength: 2048 }
  }),
  Schema.annotations({
    description: "Where incidents are pushed: https, to a host on the public Internet, unless the operator allows more",
    examples: ["https://agents.acme.test/incidents"]
  })
)

/** Source: Standard Webhooks, "Symmetric": `whsec_` and base64 of 24 to 64 bytes; the prefix may be left out. */
const endpointSecret =
  /^(whsec_)?([A-Za-z0-9+/]{4}){8,20}([A-Za-z0-9+/]{4}([A-Za-z0-9+/]{2}==)?|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export const EndpointSecret = Schema.Redacted(
  Schema.String.pipe(
    Schema.pattern(endpointSecret, { message: () => "expected whsec_ and base64 of 24 to 64 bytes" })
  )
).annotations({ description: "What pushes are signed with: `whsec_` and base64 of 24 to 64 bytes" })
