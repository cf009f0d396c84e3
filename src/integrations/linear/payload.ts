import { Schema } from "effect"
import { id, lenient, number, reading, text } from "../../services/webhookPayload.ts"

/* What Linear's webhooks send, as far as we read it (Linear docs, "Webhooks"). */

const Team = Schema.Struct({ key: text })

const Data = Schema.Struct({
  id,
  identifier: text,
  title: text,
  /** Of projects, labels, cycles, … */
  name: text,
  description: text,
  /** Of comments and updates. */
  body: text,
  url: text,
  /** 0 none, 1 urgent, 2 high, 3 medium, 4 low. */
  priority: number,
  team: lenient(Team),
  state: lenient(Schema.Struct({ type: text })),
  issueId: id,
  issue: lenient(Schema.Struct({ id, team: lenient(Team) }))
})
export type Data = typeof Data.Type

const Payload = Schema.Struct({
  action: text,
  /** `Issue`, `Comment`, `IssueLabel`, … */
  type: text,
  createdAt: text,
  url: text,
  data: lenient(Data),
  /** What `IssueSLA` has for `data`. */
  issueData: lenient(Data),
  /** Epoch milliseconds: when it was signed. */
  webhookTimestamp: number
})
export type Payload = typeof Payload.Type

export const read = reading(Payload)
