import { Effect, Option, Stream } from "effect"
import { beginning } from "../domain/AuditEntry.ts"
import { AuditHead, AuditRepo, hashOf } from "../persistence/AuditRepo.ts"

/** How many rows are read at a time. */
const pageRows = 500

/** Where a chain ended when somebody kept that elsewhere. */
export interface KeptHead {
  readonly orgId: string
  readonly number: number
  readonly hash: string
}

/** The first thing that is wrong with a chain: with its n-th entry. */
export interface Flaw {
  readonly number: number
  readonly what: string
}

export interface Checked {
  readonly orgId: string
  /** How many entries the chain has, as far as it was followed. */
  readonly entries: number
  readonly flaw: Option.Option<Flaw>
}

/** Looks for entries of the audit log that were edited, removed, added or put in another order. */
export class AuditCheck extends Effect.Service<AuditCheck>()("services/AuditCheck", {
  effect: Effect.gen(function*() {
    const repo = yield* AuditRepo

    const noHead = (orgId: string) => new AuditHead({ orgId, lastNumber: 0, lastHash: beginning })

    /** Follows the chain to its head as it is now; what is appended meanwhile is not looked at. */
    const follow = (head: AuditHead, kept: ReadonlyArray<KeptHead>) =>
      Effect.gen(function*() {
        const { lastHash, lastNumber, orgId } = head
        let [number, hash] = [0, beginning]
        const flawed = (at: number, what: string) => ({ entries: number, flaw: { number: at, what } })
        while (number < lastNumber) {
          const rows = yield* repo.following(orgId, number, lastNumber, pageRows)
          if (rows.length === 0) return flawed(number + 1, "is missing, and all after it: the log ends before its head")
          for (const row of rows) {
            if (row.number !== number + 1) return flawed(number + 1, "is missing")
            if (hashOf(hash, row) !== row.hash) {
              return flawed(
                row.number,
                "does not have the hash of what it says: it was edited, or stands in another's place"
              )
            }
            number = row.number
            hash = row.hash
            if (kept.some((one) => one.number === number && one.hash !== hash)) {
              return flawed(number, "is another than when the head was kept: the log was written anew")
            }
          }
        }
        if (hash !== lastHash) return flawed(number, "is not the one that the head names")
        return { entries: number }
      })

    const check = Effect.fnUntraced(function*(orgId: string, kept: ReadonlyArray<KeptHead> = []) {
      const head = Option.getOrElse(yield* repo.head(orgId), () => noHead(orgId))
      const followed = yield* follow(head, kept)
      const flaw = "flaw" in followed ? Option.some(followed.flaw) : yield* outside(orgId, head, kept)
      return { orgId, entries: followed.entries, flaw } satisfies Checked
    })

    /** Entries that no head knows of, and heads that no entry is left of. */
    const outside = (orgId: string, { lastNumber }: AuditHead, kept: ReadonlyArray<KeptHead>) =>
      Effect.gen(function*() {
        const added = yield* repo.beyondHead(orgId)
        if (Option.isSome(added)) return Option.some<Flaw>({ number: added.value, what: "is not known to the head" })
        const lost = kept.find(({ number }) => number > lastNumber)
        return Option.fromNullable(lost).pipe(
          Option.map(({ number }): Flaw => ({ number, what: "is missing: the log once had it as its head" }))
        )
      })

    /** Every org that has entries or a head, one after the other. */
    const orgs = Stream.paginateEffect("", (after) => Effect.map(repo.nextOrg(after), (next) => [next, next] as const))
      .pipe(Stream.filterMap((org) => org))

    return { check, orgs, head: repo.head } as const
  })
}) {}
