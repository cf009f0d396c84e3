import { Effect } from "effect"
import { asNobody } from "../http/service.ts"

/** What is shown of a metric, by its labels. Tests of one process share the counters. */
export const samples = (name: string) =>
  Effect.map(asNobody("GET", "/metrics"), ({ text }) =>
    new Map(
      text.split("\n").filter((line) => line.startsWith(`${name}{`)).map((line) => {
        const at = line.lastIndexOf(" ")
        return [line.slice(name.length, at), Number(line.slice(at + 1))] as const
      })
    ))

/** How much a counter grows by an effect. */
export const growth = <A, E, R>(name: string, labels: string, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = (yield* samples(name)).get(labels) ?? 0
    yield* effect
    return ((yield* samples(name)).get(labels) ?? 0) - before
  })
