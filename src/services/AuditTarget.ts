import { Context, Effect, Option } from "effect"

/** What the request at hand acts on, for the audit log, where its path does not name it. One for each request. */
export class AuditTarget extends Context.Tag("services/AuditTarget")<AuditTarget, { id: string | null }>() {}

/** Says what the request acts on: an id, never anything secret. */
export const actsOn = (id: string): Effect.Effect<void> =>
  Effect.map(
    Effect.serviceOption(AuditTarget),
    Option.match({ onNone: () => {}, onSome: (target) => void (target.id = id) })
  )
