import { Context, Effect, Option } from "effect"
import type { OrgId } from "../domain/Ids.ts"

/** What becomes known of a request on its way in, for whoever tells of it afterwards. */
export interface Facts {
  org: OrgId | null
  /** The visible id of the caller's token; `null` with `AUTH=none`. */
  tokenId: string | null
  /** `group.endpoint`, as `channelRoutes.create`. */
  operation: string | null
  /** Of the error that it is answered with. */
  code: string | null
}

/** One for each request, made by the outermost middleware and filled in by those within. */
export class RequestFacts extends Context.Tag("http/RequestFacts")<RequestFacts, Facts>() {}

/** Middleware of endpoints cannot say that it needs the facts, but there are some around every request. */
export const facts: Effect.Effect<Facts> = Effect.flatMap(
  Effect.serviceOption(RequestFacts),
  Option.match({ onNone: () => Effect.dieMessage("A request without facts"), onSome: Effect.succeed })
)
