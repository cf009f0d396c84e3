import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Logger } from "effect"
import { App } from "./App.ts"
import { logger, settings } from "./Config.ts"
import { serve } from "./http/Server.ts"

const Main = Layer.unwrapEffect(
  Effect.map(settings, ({ listen, logging }) =>
    serve(listen).pipe(
      Layer.provide(App),
      Layer.provide([logger(logging.format), Logger.minimumLogLevel(logging.level)])
    ))
)

NodeRuntime.runMain(Layer.launch(Main))
