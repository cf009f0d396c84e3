import { Effect } from "effect"
import { othersFirst } from "../persistence/othersFirst.ts"
import { makeFairSemaphore } from "../services/FairSemaphore.ts"

/** Of senders at the database at the same time: so many share a commit, and take some milliseconds together. */
const together = 4

/** Lets some senders use the database at a time, with a turn of the event loop for everybody else in between. */
export class Turns extends Effect.Service<Turns>()("alerts/Turns", {
  effect: Effect.gen(function*() {
    const some = yield* makeFairSemaphore(together)
    const newcomer = yield* makeFairSemaphore(1)

    const take = <A, E, R>(effect: Effect.Effect<A, E, R>) => some.withPermit(Effect.zipRight(othersFirst, effect))

    /** Behind those who are at a message already, however many newcomers there are. */
    const takeAsNewcomer = <A, E, R>(effect: Effect.Effect<A, E, R>) => newcomer.withPermit(take(effect))

    return { take, takeAsNewcomer } as const
  })
}) {}
