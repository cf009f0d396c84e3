import { Context, Effect, Option } from "effect"

/** What the audit log has to be told of the request at hand. One for each request. */
export interface Notes {
  /** What it acts on, where neither its path nor its answer's `id` or `integration` names it. */
  target: string | null
  /** Whether its caller turned out to have no business with the organisation that it names. */
  foreign: boolean
}

export class AuditNotes extends Context.Tag("services/AuditNotes")<AuditNotes, Notes>() {}

const note = (write: (notes: Notes) => void): Effect.Effect<void> =>
  Effect.map(Effect.serviceOption(AuditNotes), Option.match({ onNone: () => {}, onSome: write }))

/** Says what the request acts on, also where it is refused: an id, never anything secret. */
export const actsOn = (id: string): Effect.Effect<void> => note((notes) => void (notes.target = id))

/** Says that the caller may not speak for the organisation, whose log then gets nothing of the request. */
export const isForeign: Effect.Effect<void> = note((notes) => void (notes.foreign = true))
