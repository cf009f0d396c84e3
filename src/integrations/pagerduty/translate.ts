import { DateTime, Order } from "effect"
import type * as Domain from "./domain.ts"
import type * as Wire from "./wire.ts"

/* What PagerDuty sends, in our terms. */

const nameOf = (user: Wire.User): string => user.name ?? user.summary ?? user.id

export const titleOf = (from: Wire.Incident): string => from.title ?? from.summary ?? from.id

/** The lowest level wins, then who has been on call longest (always on call is longest), then the id. */
const precedence: Order.Order<Wire.OnCallEntry> = Order.combineAll([
  Order.mapInput(Order.number, (entry: Wire.OnCallEntry) => entry.escalation_level),
  Order.mapInput(
    Order.number,
    (entry: Wire.OnCallEntry) =>
      entry.start === undefined ? Number.NEGATIVE_INFINITY : DateTime.toEpochMillis(entry.start)
  ),
  Order.mapInput(Order.string, (entry: Wire.OnCallEntry) => entry.user.id)
])

/** Who of all that are on call is shown; `null` for nobody. */
export const onCall = (entries: ReadonlyArray<Wire.OnCallEntry>): Domain.OnCall | null => {
  const first = entries.toSorted(precedence)[0]
  return first === undefined ? null : {
    userId: first.user.id,
    name: nameOf(first.user),
    email: first.user.email ?? null,
    escalationLevel: first.escalation_level,
    since: first.start ?? null,
    until: first.end ?? null
  }
}

export const incident = (from: Wire.Incident): Domain.Incident => {
  const assignee = from.assignments?.[0]?.assignee
  return {
    id: from.id,
    title: titleOf(from),
    status: from.status,
    urgency: from.urgency ?? "high",
    service: from.service?.name ?? from.service?.summary ?? null,
    createdAt: from.created_at,
    assignee: assignee === undefined ? null : { name: nameOf(assignee), email: assignee.email ?? null }
  }
}

/** PagerDuty's own time of the first acknowledgement that is still in force. */
export const acknowledgedAt = (from: Wire.Incident): DateTime.Utc | undefined =>
  from.acknowledgements?.map(({ at }) => at).toSorted(DateTime.Order)[0] ?? from.last_status_change_at
