import { DateTime, Effect, Layer, TestClock } from "effect"
import { Vendors } from "../../src/App.ts"
import { seed } from "../../src/sandbox/seeded.ts"
import { StandIns } from "../../src/sandbox/StandIns.ts"
import { TestApi } from "../../src/testing/TestApi.ts"
import { Database, Service } from "../http/service.ts"

export const setClock = (time: string) => TestClock.setTime(DateTime.toEpochMillis(DateTime.unsafeMake(time)))

/** Before anything runs: what ticks every few seconds would tick through every second of a later leap. */
export const DayOfTheDocument = Layer.effectDiscard(setClock("2026-03-21T13:50:00Z"))

/** PagerDuty's clock stands still: the document's acknowledgement is of this second. */
const now = Effect.succeed(DateTime.unsafeMake("2026-03-21T14:06:00Z"))

/** The service with its live adapters against every vendor's stand-in, and its database to look into. */
export const Sandbox = Layer.merge(
  Service.layer.pipe(
    Layer.provideMerge(
      Layer.unwrapEffect(Effect.map(StandIns, ({ environment }) => TestApi.over(Vendors, environment)))
    )
  ),
  Database
).pipe(
  Layer.provideMerge(StandIns.layer({ now })),
  Layer.provide(DayOfTheDocument)
)

/** The same, with the document's organisation in the state that the examples start from. */
export const Seeded = Layer.effectDiscard(Effect.flatMap(Service, ({ url }) => seed(url))).pipe(
  Layer.provideMerge(Sandbox)
)
