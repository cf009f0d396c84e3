import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Schema } from "effect"
import { createServer } from "node:http"

/* The least that an `HttpApi` endpoint does: headers decoded, small rows encoded. What it costs is the framework's. */

const Row = Schema.Struct({
  id: Schema.String,
  eventType: Schema.String,
  channel: Schema.String,
  channelId: Schema.String,
  projectId: Schema.NullOr(Schema.String),
  enabled: Schema.Boolean
})
const Rows = Schema.Struct({ routes: Schema.Array(Row) })
const Headers = Schema.Struct({ "x-org-id": Schema.String })

const Api = HttpApi.make("bare")
  .add(
    HttpApiGroup.make("rows")
      .add(HttpApiEndpoint.get("ten", "/ten").setHeaders(Headers).addSuccess(Rows))
      .add(HttpApiEndpoint.get("thousand", "/thousand").setHeaders(Headers).addSuccess(Rows))
  )
  .add(HttpApiGroup.make("health").add(HttpApiEndpoint.get("ready", "/health/ready").addSuccess(Schema.Struct({}))))

const rows = (count: number): typeof Rows.Type => ({
  routes: Array.from({ length: count }, (_, n) => ({
    id: `route-${String(n + 1).padStart(3, "0")}`,
    eventType: `deploy.service-${n}.*`,
    channel: "slack",
    channelId: `C0${n}`,
    projectId: null,
    enabled: true
  }))
})
const ten = rows(10)
const thousand = rows(1000)

const Handlers = HttpApiBuilder.api(Api).pipe(
  Layer.provide(HttpApiBuilder.group(Api, "rows", (handlers) =>
    handlers
      .handle("ten", () => Effect.succeed(ten))
      .handle("thousand", () => Effect.succeed(thousand)))),
  Layer.provide(HttpApiBuilder.group(Api, "health", (handlers) => handlers.handle("ready", () => Effect.succeed({}))))
)

const Server = Layer.unwrapEffect(Effect.map(Config.port("PORT"), (port) =>
  HttpApiBuilder.serve().pipe(
    Layer.provide(Handlers),
    Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port }))
  )))

NodeRuntime.runMain(Layer.launch(Server))
