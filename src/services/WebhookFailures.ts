import { Chunk, DateTime, Effect, Metric, Queue } from "effect"
import { v7 as timeOrderedUuid } from "uuid"
import { InvalidSignature } from "../domain/Errors.ts"
import type { WebhookFailure } from "../domain/WebhookFailure.ts"
import { webhooksRefused } from "../observability/metrics.ts"
import { WebhookFailureRow, WebhookFailuresRepo } from "../persistence/WebhookFailuresRepo.ts"

/** A flood of bad signatures costs this much memory, and one transaction at a time; what does not fit is only logged. */
const waiting = 256

/** Refuses webhooks: says so in the log, and keeps it for the org that it concerns. */
export class WebhookFailures extends Effect.Service<WebhookFailures>()("services/WebhookFailures", {
  scoped: Effect.gen(function*() {
    const repo = yield* WebhookFailuresRepo
    const queue = yield* Queue.dropping<WebhookFailureRow>(waiting)

    const store = (rows: Chunk.Chunk<WebhookFailureRow>) =>
      Chunk.isEmpty(rows) ? Effect.void : repo.add(Chunk.toReadonlyArray(rows)).pipe(
        Effect.catchAllCause((cause) => Effect.logWarning("Could not store why webhooks were refused", cause)),
        Effect.uninterruptible
      )

    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.takeBetween(queue, 1, waiting), store)))
    yield* Effect.addFinalizer(() => Effect.flatMap(Queue.takeAll(queue), store))

    const note = Effect.fnUntraced(function*({ details, orgId, reason, source }: WebhookFailure) {
      yield* Effect.logWarning(`A webhook was refused: ${details}`).pipe(
        Effect.annotateLogs({ source, reason, ...(orgId !== undefined && { org: orgId }) })
      )
      yield* Metric.increment(webhooksRefused(source, reason))
      if (orgId === undefined) return
      const failedAt = yield* DateTime.now
      const id = yield* Effect.sync(() => `whf-${timeOrderedUuid()}`)
      yield* Queue.offer(queue, new WebhookFailureRow({ orgId, id, source, reason, details, failedAt }))
    })

    /**
     * Fails with what the sender is told: `told`, or the details themselves. Does not wait for the failure to be
     * stored.
     */
    const refuse = (failure: WebhookFailure, told: string = failure.details) =>
      Effect.zipRight(note(failure), new InvalidSignature({ details: told }))

    return { refuse } as const
  })
}) {}
