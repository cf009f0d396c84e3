import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Layer } from "effect"
import { Repos } from "../../src/persistence/Repos.ts"
import * as Sql from "../../src/persistence/Sql.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import * as Keyring from "../../src/services/Keyring.ts"
import { SyncLog } from "../../src/services/SyncLog.ts"
import { Vault } from "../../src/services/Vault.ts"

/** Protects nothing: it is made up for stand-ins. */
export const encryptionKeys = `bench:${Buffer.alloc(32, "bench").toString("base64")}`

/** How a process finds its database. */
export const databaseVariables = (filename: string) => ({
  DATABASE_URL: `file:${filename}`,
  ENCRYPTION_KEYS: encryptionKeys
})

/** What writes rows as the service does, over one database file. */
export const database = (filename: string) =>
  Integrations.Default.pipe(
    Layer.provide(SyncLog.Default),
    Layer.provide(Vault.Default),
    Layer.provideMerge(Repos),
    Layer.provideMerge(Sql.layerConfig),
    Layer.provide(Keyring.layer),
    Layer.provide(NodeContext.layer),
    Layer.provide(
      Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(databaseVariables(filename)))))
    ),
    Layer.orDie
  )
