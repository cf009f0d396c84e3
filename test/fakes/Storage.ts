import { NodeContext } from "@effect/platform-node"
import { ConfigProvider, Effect, Layer, Schema } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { OrgId } from "../../src/domain/Ids.ts"
import { Repos } from "../../src/persistence/Repos.ts"
import * as Sql from "../../src/persistence/Sql.ts"
import { layerTest } from "../../src/persistence/TestDatabase.ts"
import * as Keyring from "../../src/services/Keyring.ts"
import { Vault } from "../../src/services/Vault.ts"

export const org = Schema.decodeSync(OrgId)
export const acme = org("org-acme-corp")
export const globex = org("org-globex")

/** Files and paths of this machine. */
export const Platform = NodeContext.layer

/** Every repo over one database in memory, which is gone with the test. */
export const Memory = Repos.pipe(
  Layer.provideMerge(layerTest),
  Layer.provide(Platform),
  Layer.orDie
)

/** Every repo over one database file. */
export const stored = (filename: string) =>
  Repos.pipe(Layer.provideMerge(Sql.layer({ filename })), Layer.provide(Platform), Layer.orDie)

/** The vault with a key that nobody keeps. */
export const EphemeralVault = Vault.Default.pipe(Layer.provide(Layer.orDie(Keyring.layerEphemeral)))

/** A directory that is gone with the scope. */
export const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "integrations-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** Environment variables, as an operator would set them. */
export const environment = (variables: Readonly<Record<string, string>>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))
