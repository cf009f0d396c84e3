import { Context, Effect, Layer, Ref } from "effect"

/** Whether the process has been told to end: it then still answers, but asks for no more. */
export class Stopping extends Context.Tag("http/Stopping")<Stopping, Ref.Ref<boolean>>() {
  static readonly layer = Layer.effect(Stopping, Ref.make(false))
}

/** Fails once the process is stopping. */
export const unlessStopping = Effect.flatMap(
  Stopping,
  (stopping) => Effect.filterOrFail(Ref.get(stopping), (ends) => !ends, () => "The service is shutting down")
)
