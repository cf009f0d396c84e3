import { HttpApi, HttpRouter } from "@effect/platform"
import { type Context, Effect, Option } from "effect"
import { Api } from "../api/Api.ts"
import { requiredScope } from "../api/Caller.ts"
import type { Scope } from "../domain/Token.ts"
import { fits, hasOddEnd, segmentsOf } from "./paths.ts"

/** An endpoint of the API. */
export interface Operation {
  /** `group.endpoint`, as `channelRoutes.create`. */
  readonly name: string
  readonly method: string
  /** With its parameters, as `/api/channel-routes/:id`. */
  readonly path: string
  readonly scope: Scope
  readonly annotations: Context.Context<never>
}

const keyOf = (method: string, path: string) => `${method} ${path}`

const operations: ReadonlyMap<string, Operation> = (() => {
  const found = new Map<string, Operation>()
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, mergedAnnotations }) =>
      void found.set(keyOf(endpoint.method, endpoint.path), {
        name: `${group.identifier}.${endpoint.name}`,
        method: endpoint.method,
        path: endpoint.path,
        scope: requiredScope({ method: endpoint.method, annotations: mergedAnnotations }),
        annotations: mergedAnnotations
      })
  })
  return found
})()

const patterns = [...operations.values()].map((operation) => ({
  ...operation,
  segments: segmentsOf(operation.path)
}))

/** The endpoint that a request asks for, where the router has not chosen one or never will. */
export const requestedOperation = (method: string, url: string): Operation | undefined => {
  if (hasOddEnd(url)) return undefined
  const [path = ""] = url.split("?", 1)
  const segments = segmentsOf(path)
  return operations.get(keyOf(method, path)) ??
    patterns.find((pattern) => pattern.method === method && fits(segments)(pattern))
}

/** Every endpoint by its name. */
export const operationsByName: ReadonlyMap<string, Operation> = new Map(
  [...operations.values()].map((operation) => [operation.name, operation])
)

/** The endpoint that the router has chosen, whatever the request's path looks like. */
export const currentOperation: Effect.Effect<Operation, never, HttpRouter.RouteContext> = Effect.flatMap(
  HttpRouter.RouteContext,
  ({ route }) =>
    Option.match(Option.fromNullable(operations.get(keyOf(route.method, route.path))), {
      onNone: () => Effect.dieMessage(`A route that is not of the API: ${route.method} ${route.path}`),
      onSome: Effect.succeed
    })
)
