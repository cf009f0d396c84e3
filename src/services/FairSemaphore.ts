import { Effect } from "effect"

/** Lets some in at a time, whoever came first before the others. */
export interface FairSemaphore {
  /** Whoever waits can be interrupted. */
  readonly withPermit: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Takes a permit and has to give it back, so that one can stop waiting without stopping what comes after. */
  readonly take: Effect.Effect<void>
  /** Takes a permit if one is free. */
  readonly takeNow: () => boolean
  readonly giveBack: () => void
}

/**
 * Effect's own semaphore wakes all who wait whenever a permit is given back, and those who get none wait anew: with a
 * thousand of them that costs more than what they wait for. Here the permit is handed over to the first.
 */
const unsafeMakeFairSemaphore = (permits: number): FairSemaphore => {
  let free = permits
  const waiting = new Set<() => void>()

  const giveBack = () => {
    const [first] = waiting
    if (first === undefined) free++
    else first()
  }

  const takeNow = () => free > 0 && free-- > 0

  const take = Effect.async<void>((resume) => {
    let mine = false
    const enter = () => {
      waiting.delete(enter)
      mine = true
      resume(Effect.void)
    }
    if (takeNow()) enter()
    else waiting.add(enter)
    // It may have been handed over already to somebody who is interrupted at the same time.
    return Effect.sync(() => mine ? giveBack() : void waiting.delete(enter))
  })

  return {
    withPermit: (effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.zipRight(restore(take), Effect.ensuring(restore(effect), Effect.sync(giveBack)))
      ),
    take,
    takeNow,
    giveBack
  }
}

/** With so many permits. */
export const makeFairSemaphore = (permits: number): Effect.Effect<FairSemaphore> =>
  Effect.sync(() => unsafeMakeFairSemaphore(permits))

/** A semaphore that some use or wait for. */
export interface Place {
  readonly semaphore: FairSemaphore
  /** How many do. */
  users: number
}

/** A semaphore for each key. Gone when nobody uses it: any number of organisations may come by. */
export const semaphoresByKey = (permits: number) => {
  const places = new Map<string, Place>()
  return {
    /** Whoever enters has to leave. */
    enter: (key: string): Effect.Effect<Place> =>
      Effect.sync(() => {
        const place = places.get(key) ?? { semaphore: unsafeMakeFairSemaphore(permits), users: 0 }
        places.set(key, place)
        place.users++
        return place
      }),
    leave: (key: string, place: Place): void => {
      place.users--
      if (place.users === 0) places.delete(key)
    }
  }
}
