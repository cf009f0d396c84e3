import { Clock, Data, DateTime, Deferred, Duration, Effect, Exit, Fiber, Option, Redacted, Schedule } from "effect"
import { createHmac, hkdfSync, randomUUID } from "node:crypto"
import { IdempotencyConflict, ServiceUnavailable } from "../domain/Errors.ts"
import { IdempotentAnswerRow, IdempotentAnswersRepo, type Place } from "../persistence/IdempotentAnswersRepo.ts"
import { type Key, Keyring } from "./Keyring.ts"

/** How long a key stands for its first request. */
export const answersKept = Duration.hours(24)

/** How long a process that has ended still holds what it was at work on. */
const lease = Duration.seconds(30)
const renewal = Duration.seconds(10)

/** How often to look for the answer of another process, and for how long. */
const lookEvery = Duration.millis(200)
const patienceMs = 60_000

/** A request that a key stands for. */
export interface Keyed extends Place {
  /** Path, query and body: what a repeat has to have in common with the first. */
  readonly request: unknown
}

/** What is kept of how a request ended. */
export type Kept = Data.TaggedEnum<{
  /** A repeat gets this. */
  Answer: { readonly status: number; readonly body: string }
  /** It may be tried again, under the same key; the key stays this request's, because something may have happened. */
  Key: {}
  /** Nothing was begun: the key is free. */
  Nothing: {}
}>
export const Kept = Data.taggedEnum<Kept>()

/** The first one's answer. */
export class Replayed extends Data.TaggedClass("Replayed")<{ readonly status: number; readonly body: string }> {}

const subkey = ({ secret }: Key) =>
  Buffer.from(hkdfSync("sha256", Redacted.value(secret), "", "idempotent requests", 32))

/** What the request was stands in the database only so: who has the database cannot guess the secrets in a body by it. */
const hashWith = (key: Key, request: unknown): string =>
  `${key.id}:${createHmac("sha256", subkey(key)).update(JSON.stringify(request)).digest("hex")}`

/** Does what a key stands for once, and tells every repeat within 24 hours how that ended. */
export class IdempotentAnswers extends Effect.Service<IdempotentAnswers>()("services/IdempotentAnswers", {
  scoped: Effect.gen(function*() {
    const repo = yield* IdempotentAnswersRepo
    const keyring = yield* Keyring
    const scope = yield* Effect.scope
    /** Those at work in this process: who waits for one need not look into the database. */
    const underWay = new Map<string, Deferred.Deferred<void>>()

    const placeOf = ({ idempotencyKey, operation, orgId }: Place) => JSON.stringify([orgId, operation, idempotencyKey])

    const isSame = ({ request }: Keyed, { requestHash }: IdempotentAnswerRow): boolean =>
      Option.exists(
        keyring.find(requestHash.slice(0, requestHash.lastIndexOf(":"))),
        (key) => hashWith(key, request) === requestHash
      )

    const rowOf = ({ request, ...place }: Keyed, now: DateTime.Utc) =>
      new IdempotentAnswerRow({
        ...place,
        requestHash: hashWith(keyring.current, request),
        holder: randomUUID(),
        heldUntil: DateTime.addDuration(now, lease),
        status: null,
        body: null,
        createdAt: now
      })

    /** The row to work under, the answer that it has, or whoever is at work on it. */
    const claim = Effect.fnUntraced(function*(keyed: Keyed) {
      const now = yield* DateTime.now
      const mine = rowOf(keyed, now)
      const found = yield* repo.claim(mine, DateTime.subtractDuration(now, answersKept))
      if (found.holder === mine.holder) return mine
      if (!isSame(keyed, found)) return yield* new IdempotencyConflict()
      if (found.status !== null) return new Replayed({ status: found.status, body: found.body ?? "" })
      if (DateTime.lessThan(now, found.heldUntil)) return undefined
      const { heldUntil, holder } = mine
      return (yield* repo.takeOver(found, holder, heldUntil))
        ? new IdempotentAnswerRow({ ...found, holder, heldUntil })
        : undefined
    }, Effect.uninterruptible)

    const settle = (row: IdempotentAnswerRow, kept: Kept) =>
      Kept.$match(kept, {
        Answer: ({ body, status }) => repo.answer(row, status, body),
        Key: () => Effect.flatMap(DateTime.now, (now) => repo.hold(row, now)),
        Nothing: () => repo.forget(row)
      }).pipe(
        // It has ended as it has. A repeat finds the key held until the lease ends, and then does it again.
        Effect.catchAllCause((cause) => Effect.logWarning("Could not store the answer to an Idempotency-Key", cause))
      )

    const renewing = (row: IdempotentAnswerRow) =>
      DateTime.now.pipe(
        Effect.flatMap((now) => repo.hold(row, DateTime.addDuration(now, lease))),
        Effect.catchAllCause((cause) => Effect.logWarning("Could not hold an Idempotency-Key longer", cause)),
        Effect.schedule(Schedule.spaced(renewal)),
        Effect.delay(renewal)
      )

    /** Goes on when its caller hangs up: what was begun is answered to a repeat. */
    const work = <A, E, R>(
      row: IdempotentAnswerRow,
      run: Effect.Effect<A, E, R>,
      keep: (exit: Exit.Exit<A, E>) => Effect.Effect<Kept>
    ) =>
      Effect.gen(function*() {
        const done = yield* Deferred.make<void>()
        const place = placeOf(row)
        underWay.set(place, done)
        const end = (exit: Exit.Exit<A, E>) =>
          keep(exit).pipe(
            Effect.flatMap((kept) => settle(row, kept)),
            Effect.zipRight(Effect.sync(() => void (underWay.get(place) === done && underWay.delete(place)))),
            Effect.zipRight(Deferred.succeed(done, undefined))
          )
        const whole = run.pipe(
          Effect.raceFirst(Effect.zipRight(renewing(row), Effect.never)),
          // Both inherit it: neither could otherwise be stopped when the other has ended, or the service ends.
          Effect.interruptible,
          Effect.onExit(end)
        )
        return yield* Effect.forkIn(whole, scope)
      })

    /** Who claims works: nothing comes in between. */
    const begin = <A, E, R>(
      keyed: Keyed,
      run: Effect.Effect<A, E, R>,
      keep: (exit: Exit.Exit<A, E>) => Effect.Effect<Kept>
    ) =>
      Effect.uninterruptible(Effect.gen(function*() {
        const claimed = yield* claim(keyed)
        return claimed instanceof IdempotentAnswerRow ? yield* work(claimed, run, keep) : claimed
      }))

    /** Until whoever is at work on it may have ended. */
    const wait = (keyed: Keyed) =>
      Effect.suspend(() => {
        const here = underWay.get(placeOf(keyed))
        return here === undefined ? Effect.sleep(lookEvery) : Deferred.await(here)
      })

    const tooLong = new ServiceUnavailable({
      details: "The first request with this Idempotency-Key is still under way",
      retryAfterMs: 1000
    })

    const apart = <A, E, R>(
      keyed: Keyed,
      run: Effect.Effect<A, E, R>,
      keep: (exit: Exit.Exit<A, E>) => Effect.Effect<Kept>
    ) =>
      Effect.gen(function*() {
        const until = (yield* Clock.currentTimeMillis) + patienceMs
        while (true) {
          const begun = yield* begin(keyed, run, keep)
          if (begun instanceof Replayed) return begun
          if (begun !== undefined) return yield* Fiber.join(begun)
          if ((yield* Clock.currentTimeMillis) >= until) return yield* tooLong
          yield* wait(keyed)
        }
      })

    /** All that it does and its answer are there, or nothing is. */
    const inOneTransaction = <A, E, R>(
      keyed: Keyed,
      run: Effect.Effect<A, E, R>,
      keep: (exit: Exit.Exit<A, E>) => Effect.Effect<Kept>
    ) =>
      repo.atomically(Effect.gen(function*() {
        const claimed = yield* claim(keyed)
        if (claimed instanceof Replayed) return Exit.succeed(claimed)
        if (claimed === undefined) return yield* tooLong
        const exit = yield* Effect.exit(run)
        const kept = yield* keep(exit)
        if (kept._tag === "Key") {
          if (Exit.isFailure(exit)) return yield* Effect.failCause(exit.cause)
          return yield* Effect.dieMessage("The answer does not fit its schema, so all is undone")
        }
        yield* kept._tag === "Answer" ? repo.answer(claimed, kept.status, kept.body) : repo.forget(claimed)
        return exit
      })).pipe(Effect.flatMap((exit): Effect.Effect<A | Replayed, E> => exit))

    return { apart, inOneTransaction } as const
  })
}) {}
