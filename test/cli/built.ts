import { Effect } from "effect"
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly ended: Promise<Ended>
  readonly stop: () => void
  readonly kill: () => void
  /** What it has written so far, on both. */
  readonly output: () => string
}

/** A process of Node's with these variables alone. */
const start = (parameters: ReadonlyArray<string>, env: Readonly<Record<string, string>>): Started => {
  const child = spawn(process.execPath, parameters, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
  const [stdout, stderr]: [Array<Buffer>, Array<Buffer>] = [[], []]
  child.stdout.on("data", (chunk) => void stdout.push(chunk))
  child.stderr.on("data", (chunk) => void stderr.push(chunk))
  const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8")
  return {
    ended: new Promise((resolve) =>
      child.on("close", (code) => resolve({ code, stdout: text(stdout), stderr: text(stderr) }))
    ),
    stop: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
    output: () => text(stdout) + text(stderr)
  }
}

/** The programs, bundled as for production, in a directory that is gone with the scope. */
export const built = Effect.acquireRelease(
  Effect.promise(async () => {
    // Within the repository, so that the native driver is found.
    const cache = join(root, "node_modules", ".cache")
    mkdirSync(cache, { recursive: true })
    const directory = mkdtempSync(join(cache, "built-"))
    const { code, stderr } = await start(["bundle.mjs", directory], {}).ended
    if (code !== 0) throw new Error(stderr)
    return directory
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

/** Runs a command of `src/cli` to its end. Interrupting it kills the process. */
export const command = (
  directory: string,
  parameters: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>
): Effect.Effect<Ended> =>
  Effect.suspend(() => {
    const { ended, kill } = start([join(directory, "cli", "main.js"), ...parameters], env)
    return Effect.onInterrupt(
      Effect.promise(() => ended),
      () => Effect.zipRight(Effect.sync(kill), Effect.promise(() => ended))
    )
  })

/** The service, until the scope ends. */
export const service = (directory: string, env: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => start([join(directory, "main.js")], env)),
    ({ ended, stop }) => Effect.zipRight(Effect.sync(stop), Effect.promise(() => ended))
  )
