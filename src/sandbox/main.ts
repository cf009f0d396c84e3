import { FileSystem, HttpServer, Path } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Console, Effect, Layer } from "effect"
import { run } from "../run.ts"
import { InboxPage, inboxPagePort } from "./inboxPage.ts"
import { seed } from "./seeded.ts"
import { sandboxPorts, StandIns } from "./StandIns.ts"
import { welcome } from "./welcome.ts"

/** The operator's variables, then the stand-ins' addresses, leave to push to this machine, and a database that is gone when the sandbox ends. */
const Environment = Layer.unwrapScoped(
  Effect.gen(function*() {
    const { environment } = yield* StandIns
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "integrations-sandbox-" })
    const provided = {
      DATABASE_URL: `file:${path.join(directory, "sandbox.db")}`,
      // For incident agents of whoever tries it out.
      OUTBOUND_ALLOW: "http://127.0.0.1, http://localhost",
      ...environment
    }
    return Layer.setConfigProvider(
      ConfigProvider.orElse(ConfigProvider.fromEnv(), () => ConfigProvider.fromMap(new Map(Object.entries(provided))))
    )
  })
)

/** Says what to do once everything is there. */
const Welcome = Layer.effectDiscard(
  HttpServer.addressFormattedWith((url) => Effect.zipRight(seed(url), Console.log(welcome(url))))
)

/** The service as in production, pointed at the stand-ins. */
run({
  beside: Welcome,
  around: Layer.merge(Environment, InboxPage(inboxPagePort)).pipe(
    Layer.provide(StandIns.layer({ ports: sandboxPorts })),
    Layer.provide(NodeContext.layer)
  )
})
