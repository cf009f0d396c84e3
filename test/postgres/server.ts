import { spawn, spawnSync } from "node:child_process"
import { chownSync, cpSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Binaries } from "./binaries.ts"

/** A PostgreSQL server of the tests' own. */
export interface Server {
  readonly port: number
  /** Its superuser, who needs no password. */
  readonly url: string
  /** As if its machine had lost its power, to come back with `resume`. */
  readonly halt: () => Promise<void>
  /** In order: it ends sessions and writes everything down first. */
  readonly shutDown: () => Promise<void>
  readonly resume: () => Promise<void>
  /** For good, with all its files. */
  readonly stop: () => Promise<void>
}

/** PostgreSQL refuses to run as root; there it runs as whoever owns nothing. */
const nobody = 65_534
const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

/** Whoever PostgreSQL runs as may not get to where the binaries are, as into root's home: then it has a copy of them. */
const reachable = (binaries: Binaries, directory: string): Binaries => {
  if (spawnSync(binaries.postgres, ["--version"], { ...identity, cwd: "/" }).status === 0) return binaries
  const copy = join(directory, "installation")
  cpSync(dirname(dirname(realpathSync(binaries.postgres))), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres") }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => typeof address === "object" && address !== null ? resolve(address.port) : reject())
    })
  })

/** A collation that is not bytewise, as servers have it by default. */
const initdbOptions =
  "--username=tests --auth=trust --no-sync --encoding=UTF8 --locale=C --locale-provider=icu --icu-locale=en-US".split(
    " "
  )

/** Not worth a sync of the disk: it is gone with the run. */
const volatile = ["fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=64MB"]
/** As an installation has it. */
const durable = ["fsync=on", "full_page_writes=on", "autovacuum=on", "shared_buffers=256MB"]
const settings = [
  "wal_level=minimal",
  "max_wal_senders=0",
  "max_wal_size=2GB",
  "max_connections=300",
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "jit=off",
  "log_min_messages=log",
  "deadlock_timeout=200ms"
]

/** Roles that may not come in as they are; everybody else needs no password. */
const rules = "host all locked 127.0.0.1/32 scram-sha-256\nhost all barred 127.0.0.1/32 reject\n"

const initialised = ({ initdb }: Binaries, directory: string): string => {
  const data = join(directory, "data")
  const made = spawnSync(initdb, ["-D", data, ...initdbOptions], { ...identity, cwd: directory, encoding: "utf8" })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error?.message}`)
  const hba = join(data, "pg_hba.conf")
  writeFileSync(hba, rules + readFileSync(hba, "utf8"))
  return data
}

/**
 * Ends with whoever started it, even if that is killed: the shell stops the server when its own input ends, and leaves
 * the files alone only if it was told to.
 */
const watched = "\"$@\" & server=$!; last=$(cat); signal=QUIT; [ \"$last\" = fast ] && signal=INT; " +
  "kill -$signal $server 2>/dev/null; wait $server; cd /; [ -n \"$last\" ] || rm -rf \"$DIRECTORY\""

/** Starts a server in a directory of its own, on loopback. */
export const startServer = async (found: Binaries, kind: "volatile" | "durable" = "volatile"): Promise<Server> => {
  const directory = mkdtempSync(join(tmpdir(), "integrations-postgres-"))
  if ("uid" in identity) chownSync(directory, nobody, nobody)
  const binaries = reachable(found, directory)
  const data = initialised(binaries, directory)
  const port = await freePort()
  const options = [...settings, ...(kind === "durable" ? durable : volatile)].flatMap((setting) => ["-c", setting])

  const run = async (): Promise<(last: string) => Promise<void>> => {
    const child = spawn("/bin/sh", ["-c", watched, "sh", binaries.postgres, "-D", data, "-p", `${port}`, ...options], {
      ...identity,
      cwd: directory,
      env: { ...process.env, DIRECTORY: directory },
      detached: true,
      stdio: ["pipe", "ignore", "pipe"]
    })
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
    let said = ""
    const ready = new Promise<boolean>((resolve) => {
      child.stderr.on("data", (chunk) => {
        said = `${said}${chunk}`.slice(-4000)
        if (said.includes("ready to accept connections")) resolve(true)
      })
      void ended.then(() => resolve(false))
    })
    if (!(await ready)) throw new Error(`PostgreSQL did not start: ${said}`)
    return async (last) => {
      child.stdin.end(last)
      await ended
    }
  }

  let end = await run()
  return {
    port,
    url: `postgres://tests@127.0.0.1:${port}/postgres`,
    halt: () => end("keep"),
    shutDown: () => end("fast"),
    resume: async () => {
      end = await run()
    },
    stop: () => end("")
  }
}
