import { DateTime, Effect } from "effect"
import { createHash } from "node:crypto"
import { IdempotencyConflict } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { IdempotencyKeysRepo } from "../persistence/IdempotencyKeysRepo.ts"

/** How long a key stands for its first request. */
const lifetime = { hours: 24 }

/** Which request an `Idempotency-Key` stands for, for 24 hours. */
export class IdempotencyKeys extends Effect.Service<IdempotencyKeys>()("services/IdempotencyKeys", {
  effect: Effect.gen(function*() {
    const repo = yield* IdempotencyKeysRepo

    /** Takes the key for this request. The same request may take it again, another one may not. */
    const claim = Effect.fn("IdempotencyKeys.claim")(function*(
      orgId: OrgId,
      operation: string,
      idempotencyKey: string,
      request: unknown
    ) {
      const now = yield* DateTime.now
      const requestHash = createHash("sha256").update(JSON.stringify(request) ?? "").digest("hex")
      const first = yield* repo.claim(
        { orgId, operation, idempotencyKey, requestHash, createdAt: now },
        DateTime.subtract(now, lifetime)
      )
      if (first !== requestHash) return yield* new IdempotencyConflict()
    }, Effect.uninterruptible)

    return { claim } as const
  })
}) {}
