import { Array, Chunk, Effect, Option, Stream } from "effect"
import { SealedPlace, SealedRepo, type SealedRow } from "../persistence/SealedRepo.ts"
import { Keyring } from "./Keyring.ts"
import { endpointOwner, type Owner, type Unopenable, Vault } from "./Vault.ts"

/** How many values are replaced in one transaction: a few milliseconds in which the service's own writes wait. */
const batchRows = 100

/** Between two transactions, so that a service which waits for the database gets it. */
const pause = "10 millis"

/** What became of one batch. */
export interface Batch {
  readonly rotated: number
  /** Configured anew or forgotten between the reading and the writing: left as they are. */
  readonly changed: number
  readonly unopenable: ReadonlyArray<Unopenable>
}

/** A key that is in the ring, or that stored values name. */
export interface KeyUse {
  readonly id: string
  readonly use: "encrypts" | "decrypts" | "missing"
  /** How many values are sealed under it. */
  readonly values: number
}

const ownerIn = (place: SealedPlace, { id, orgId }: SealedRow): Owner =>
  place === "integrations" ? { orgId, integration: id } : endpointOwner(orgId, id)

/** Brings what is stored under the ring's current key. All of its state is in the rows, so it may end at any time. */
export class KeyRotation extends Effect.Service<KeyRotation>()("services/KeyRotation", {
  effect: Effect.gen(function*() {
    const repo = yield* SealedRepo
    const vault = yield* Vault
    const { current, ids } = yield* Keyring

    const reseal = (place: SealedPlace, row: SealedRow) => {
      const owner = ownerIn(place, row)
      return vault.open(owner, row).pipe(
        Effect.flatMap((plaintext) => vault.seal(owner, plaintext)),
        Effect.map((sealed) => ({ row, ...sealed }))
      )
    }

    const batch = (place: SealedPlace, rows: ReadonlyArray<SealedRow>): Effect.Effect<Batch> =>
      Effect.gen(function*() {
        const tried = yield* Effect.forEach(rows, (row) => Effect.either(reseal(place, row)))
        const [unopenable, resealed] = Array.separate(tried)
        const rotated = yield* repo.replace(place, resealed)
        return { rotated, changed: resealed.length - rotated, unopenable }
      })

    const pass = (place: SealedPlace) =>
      Stream.paginateChunkEffect(undefined, (after: SealedRow | undefined) =>
        Effect.gen(function*() {
          if (after !== undefined) yield* Effect.sleep(pause)
          const rows = yield* repo.notUnder(current.id, place, after, batchRows)
          const done = rows.length === 0 ? Chunk.empty<Batch>() : Chunk.of(yield* batch(place, rows))
          return [done, rows.length < batchRows ? Option.none() : Option.fromNullable(rows.at(-1))]
        }))

    /** Each key of the ring, then those that only stored values name. */
    const uses = Effect.map(repo.counts, (counts): ReadonlyArray<KeyUse> => {
      const known = ids.map((id): KeyUse => ({
        id,
        use: id === current.id ? "encrypts" : "decrypts",
        values: counts.get(id) ?? 0
      }))
      const missing = [...counts].filter(([id]) => !ids.includes(id)).toSorted()
      return [...known, ...missing.map(([id, values]): KeyUse => ({ id, use: "missing", values }))]
    })

    return {
      /**
       * One pass over all that is under another key. What is configured while it runs is never overwritten; what a
       * process with an older ring configures behind it is for the next run.
       */
      rotate: Stream.flatMap(Stream.fromIterable(SealedPlace.literals), pass),
      uses
    } as const
  })
}) {}
