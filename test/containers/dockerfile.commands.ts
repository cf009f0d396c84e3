import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Schedule } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { freePort } from "../fakes/freePort.ts"
import { temporary } from "../fakes/Storage.ts"
import { type Instruction, json, letThrough, type Stage, stagesOf } from "./dockerfile.ts"

/*
 * No container: the same commands in directories of this machine that stand for those of the image. What differs is where
 * they are, and that Node is this machine's.
 */

/** The directories that commands name by their whole path. */
const roots = ["/build", "/ship"]

const isRoot = process.getuid?.() === 0
/** Who the image runs as. */
const nonroot = 65_532

const within = (root: string, command: string): string =>
  roots.reduce(
    (text, directory) => text.replaceAll(new RegExp(`(^|[\\s=])${directory}\\b`, "g"), `$1${root}${directory}`),
    command
  )

const copy = (text: string, from: string, to: string) => {
  const words = text.split(/\s+/).filter((word) => !word.startsWith("--"))
  const target = words.pop() ?? "."
  for (const word of words) {
    const source = join(from, word)
    const into = words.length > 1 || target.endsWith("/") && !statSync(source).isDirectory()
      ? join(to, target, word)
      : join(to, target)
    mkdirSync(dirname(into), { recursive: true })
    cpSync(source, into, { recursive: true, verbatimSymlinks: true })
  }
}

/** As Docker runs it. */
const run = (command: string, cwd: string) =>
  Effect.async<void>((resume) => {
    let said = ""
    const child = spawn("/bin/sh", ["-c", command], { cwd, stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => void (said += chunk))
    child.once("close", (code) =>
      resume(code === 0 ? Effect.void : Effect.dieMessage(`${command}\n${said}\nended with ${code}`)))
  })

/** Does what a stage says. Gives the directory that it ends in. */
const follow = Effect.fnUntraced(function*(stage: Stage, root: string, sources: (instruction: Instruction) => string) {
  let directory = root
  for (const instruction of stage.instructions) {
    const { keyword, text } = instruction
    if (keyword === "WORKDIR") {
      directory = join(root, text)
      mkdirSync(directory, { recursive: true })
    }
    if (keyword === "COPY") copy(text, sources(instruction), directory)
    if (keyword === "RUN") yield* run(within(root, text), directory)
  }
  return directory
})

const textOf = (stage: Stage, keyword: string): string =>
  stage.instructions.find((one) => one.keyword === keyword)?.text ?? assert.fail(`no ${keyword}`)

describe("the Dockerfile's commands", () => {
  it.scopedLive("make a service that starts, is healthy and ends with 0", () =>
    Effect.gen(function*() {
      const [build, shipped] = stagesOf("Dockerfile")
      if (build === undefined || shipped === undefined) return assert.fail("expected two stages")
      const root = yield* temporary
      chmodSync(root, 0o755)
      const context = join(root, "context")
      for (const name of letThrough(".dockerignore")) cpSync(name, join(context, name), { recursive: true })
      yield* follow(build, root, () => context)
      const app = yield* follow(shipped, join(root, "image"), ({ text }) => {
        assert.include(text, "--from=build")
        return root
      })
      assert.deepStrictEqual(readdirSync(app).toSorted(), ["bin", "data", "node_modules", "package.json"])
      // The image has it all owned by who runs it, and is mounted read-only but for the data: here it is root's.
      if (isRoot) chownSync(join(app, "data"), nonroot, nonroot)

      const port = yield* freePort
      const variables = Object.fromEntries(
        textOf(shipped, "ENV").split(/\s+/).map((pair) => {
          const at = pair.indexOf("=")
          return [pair.slice(0, at), pair.slice(at + 1)]
        })
      )
      const environment = { ...variables, HOST: "127.0.0.1", PORT: String(port), AUTH: "none" }
      const identity = isRoot ? { uid: nonroot, gid: nonroot } : {}
      let said = ""
      const service = yield* Effect.acquireRelease(
        Effect.sync(() => {
          // Of the image: the entry point is Node.
          const child = spawn(process.execPath, [...json(textOf(shipped, "CMD"))], {
            cwd: app,
            env: environment,
            stdio: ["ignore", "pipe", "pipe"],
            ...identity
          })
          child.stdout.on("data", (chunk) => void (said += chunk))
          child.stderr.on("data", (chunk) => void (said += chunk))
          return child
        }),
        (child) => Effect.sync(() => void child.kill("SIGKILL"))
      )
      const ended = Effect.async<number | null>((resume) =>
        void service.once("exit", (code) => resume(Effect.succeed(code)))
      )

      const [node, ...check] = json(textOf(shipped, "HEALTHCHECK").replace(/^.*CMD /, ""))
      assert.strictEqual(node, "/nodejs/bin/node")
      yield* Effect.sync(() => spawnSync(process.execPath, check, { env: environment }).status).pipe(
        Effect.filterOrFail((status) => status === 0),
        Effect.retry(Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(100))),
        Effect.tapError(() => Console.error(said))
      )
      assert.isTrue(existsSync(join(app, "data", "integrations.db")))
      const { status } = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/openapi.json`))
      assert.strictEqual(status, 200)
      const exit = yield* Effect.fork(ended)
      service.kill("SIGTERM")
      assert.strictEqual(yield* exit.await.pipe(Effect.flatten), 0, said)

      const cli = spawnSync(process.execPath, ["bin/cli/main.js", "tokens", "--help"], { cwd: app, env: environment })
      assert.strictEqual(cli.status, 0, String(cli.stderr))
    }))
})
