import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sandboxPorts } from "../../src/sandbox/StandIns.ts"
import { welcome } from "../../src/sandbox/welcome.ts"
import { Seeded } from "../document/sandbox.ts"
import { Service } from "../http/service.ts"
import { pass, received } from "./alerts.ts"
import { ask } from "./ask.ts"

/** The words of a command, as a shell reads them that expands nothing. */
const words = (command: string): ReadonlyArray<string> =>
  [...command.replaceAll("\\\n", " ").matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) =>
    double ?? single ?? bare ?? ""
  )

/** What stands behind an option, each time. */
const given = (all: ReadonlyArray<string>, option: string) =>
  all.flatMap((word, index) => word === option ? [all[index + 1] ?? ""] : [])

const commandsOf = (text: string) =>
  text.split(/\n\n/).map((block) => block.trim()).filter((block) => block.startsWith("curl "))

const run = (command: string) => {
  const all = words(command)
  const [method = "GET"] = given(all, "-X")
  const [body] = given(all, "-d")
  const headers = Object.fromEntries(given(all, "-H").map((header) => header.toLowerCase().split(": ")))
  return ask(all.find((word) => word.startsWith("http://")) ?? "", { method, headers, body })
}

describe("the commands that the sandbox prints", () => {
  it("are wrapped so that a shell takes each for one", () => {
    for (const command of commandsOf(welcome("http://127.0.0.1:3000"))) {
      for (const [index, line] of command.split("\n").entries()) {
        if (index > 0 && line.startsWith("  -")) assert.match(command.split("\n")[index - 1] ?? "", / \\$/)
        assert.isAtMost(line.length, 130, line)
      }
    }
  })

  it.effect("work, and lead from a webhook to a message", () =>
    Effect.gen(function*() {
      const { url } = yield* Service
      const commands = commandsOf(welcome(url)).filter((command) => command.includes(url))
      assert.isAtLeast(commands.length, 14)
      assert.isFalse(commands.some((command) => command.includes(`:${sandboxPorts.pagerduty}/`)))
      for (const command of commands) {
        const { status, text } = yield* run(command)
        assert.include([200, 201], status, `${command}\n${text}`)
      }
      yield* pass(5)
      assert.deepStrictEqual(
        (yield* received("slack")).map(({ channelId, text }) => [channelId, text]),
        [["C0ERRORS", "🟠 ERROR: TypeError: Cannot read property id of undefined"]]
      )
    }).pipe(Effect.provide(Seeded)))
})
