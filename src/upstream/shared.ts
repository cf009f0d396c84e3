import { Effect, Equal, Hash, RcMap } from "effect"

/** A read by its key: two with equal keys are the same read, whatever effect they carry. */
class Read<A, E> implements Equal.Equal {
  readonly key: string
  readonly effect: Effect.Effect<A, E>
  constructor(key: string, effect: Effect.Effect<A, E>) {
    this.key = key
    this.effect = effect
  }
  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof Read && that.key === this.key
  }
  [Hash.symbol](): number {
    return Hash.string(this.key)
  }
}

/** Runs an effect, or joins the one that already runs under the same key. */
export type Shared<A, E> = (key: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>

/**
 * Lets identical concurrent reads share one run. The run belongs to all who wait for it: it goes on when the first
 * of them hangs up and is interrupted when the last one has. Nothing is kept once its readers have their answer.
 */
export const makeShared = <A, E>() =>
  Effect.map(
    RcMap.make({ lookup: (read: Read<A, E>) => read.effect }),
    (running): Shared<A, E> => (key, effect) => Effect.scoped(RcMap.get(running, new Read(key, effect)))
  )
