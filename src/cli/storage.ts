import { Layer } from "effect"
import { Repos } from "../persistence/Repos.ts"
import * as Sql from "../persistence/Sql.ts"

/** The service's own database, which may be in use by it. Opened by a command that runs, not by `--help`. */
export const Storage = Layer.provideMerge(Repos, Sql.layerConfig)
