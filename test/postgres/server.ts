import { spawn, spawnSync } from "node:child_process"
import { chownSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Binaries } from "./binaries.ts"

/** A PostgreSQL server of the tests' own. */
export interface Server {
  readonly port: number
  /** Its superuser, who needs no password. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** PostgreSQL refuses to run as root; there it runs as whoever owns nothing. */
const nobody = 65_534
const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => typeof address === "object" && address !== null ? resolve(address.port) : reject())
    })
  })

/** Not worth a sync: it is gone with the run. A collation that is not bytewise, as servers have it by default. */
const initdbOptions =
  "--username=tests --auth=trust --no-sync --encoding=UTF8 --locale=C --locale-provider=icu --icu-locale=en-US".split(
    " "
  )
const settings = [
  "fsync=off",
  "synchronous_commit=off",
  "full_page_writes=off",
  "wal_level=minimal",
  "max_wal_senders=0",
  "max_wal_size=2GB",
  "max_connections=300",
  "shared_buffers=64MB",
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "jit=off",
  "autovacuum=off",
  "log_min_messages=log",
  "deadlock_timeout=200ms"
]

const initialised = ({ initdb }: Binaries, directory: string): string => {
  const data = join(directory, "data")
  const made = spawnSync(initdb, ["-D", data, ...initdbOptions], { ...identity, cwd: directory, encoding: "utf8" })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error?.message}`)
  return data
}

/** Ends with whoever started it, even if that is killed: the shell stops the server when its own input ends. */
const watched =
  "\"$@\" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server; cd /; rm -rf \"$DIRECTORY\""

/** Starts a server in a directory of its own, on loopback. */
export const startServer = async (binaries: Binaries, extra: ReadonlyArray<string> = []): Promise<Server> => {
  const directory = mkdtempSync(join(tmpdir(), "integrations-postgres-"))
  if ("uid" in identity && statSync(directory).uid === 0) chownSync(directory, nobody, nobody)
  const data = initialised(binaries, directory)
  const port = await freePort()
  const options = [...settings, ...extra].flatMap((setting) => ["-c", setting])
  const child = spawn("/bin/sh", ["-c", watched, "sh", binaries.postgres, "-D", data, "-p", `${port}`, ...options], {
    ...identity,
    cwd: directory,
    env: { ...process.env, DIRECTORY: directory },
    detached: true,
    stdio: ["pipe", "ignore", "pipe"]
  })
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const stop = async () => {
    child.stdin.end()
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
  let said = ""
  const ready = new Promise<boolean>((resolve) => {
    child.stderr.on("data", (chunk) => {
      said = `${said}${chunk}`.slice(-4000)
      if (said.includes("ready to accept connections")) resolve(true)
    })
    void ended.then(() => resolve(false))
  })
  if (await ready) return { port, url: `postgres://tests@127.0.0.1:${port}/postgres`, stop }
  await stop()
  throw new Error(`PostgreSQL did not start: ${said}`)
}
