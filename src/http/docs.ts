import { HttpApi, HttpApiBuilder, HttpApiSwagger, HttpRouter } from "@effect/platform"
import { Context, Effect, Layer } from "effect"
import { docsPath } from "./paths.ts"

/** The API's reference as a page: two megabytes of text. Loaded when somebody first asks for it. */
export const page = (api: typeof HttpApi.Api.Service) =>
  HttpApiSwagger.layer({ path: docsPath }).pipe(
    Layer.provideMerge(HttpApiBuilder.Router.Live),
    Layer.provide(Layer.succeed(HttpApi.Api, api)),
    Layer.build,
    Effect.flatMap((built) => Context.get(built, HttpApiBuilder.Router).router),
    Effect.flatMap(HttpRouter.toHttpApp),
    Effect.scoped
  )
