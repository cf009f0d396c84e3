import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Redacted } from "effect"
import { secret } from "../fakes/configs.ts"
import { json, refusal, upstream } from "../fakes/Upstream.ts"
import { read } from "./acme.ts"

const url = "https://api.acme.test/things/1"
const asked = (authorization: string) => HttpClientRequest.get(url, { headers: { authorization } })

/** What is told of a refusal in these words. */
const told = (words: string, spec: Parameters<typeof read>[0]) =>
  refusal(read(spec)).pipe(
    Effect.map(({ details }) => String(details)),
    Effect.provide(upstream([json({ message: words }, { status: 400 })]))
  )

const token = `u+cAnArY"\\/%0123456789==`

describe("the vendor's own words", () => {
  it.effect("do not show the credential that they quote, whatever its scheme and spelling", () =>
    Effect.gen(function*() {
      const spellings = [
        token,
        encodeURIComponent(token),
        JSON.stringify(token),
        Buffer.from(token).toString("base64"),
        Buffer.from(token).toString("base64url")
      ]
      for (const scheme of ["", "Bearer ", "Bot ", "Token token="]) {
        for (const spelled of spellings) {
          const details = yield* told(`No such token: ${spelled} (sent ${scheme}${spelled})`, {
            request: asked(`${scheme}${token}`)
          })
          assert.notInclude(details, "cAnArY", `${scheme} ${spelled}`)
          assert.notInclude(details, spelled, `${scheme} ${spelled}`)
          assert.match(details, /^No such token: "?\[secret\]/)
        }
      }
    }))

  it.effect("do not show one that stands in the path", () =>
    Effect.gen(function*() {
      const request = HttpClientRequest.get(`https://api.acme.test/bot${encodeURIComponent(token)}/getMe`)
      const words = `${request.url} does not exist`
      const details = yield* told(words, { request, secrets: [Redacted.make(token)] })
      assert.strictEqual(details, "https://api.acme.test/bot[secret]/getMe does not exist")
    }))

  it.effect("do not show half of it where they are cut off", () =>
    Effect.gen(function*() {
      for (let before = 270; before <= 300; before++) {
        const details = yield* told(`${"x".repeat(before)}${token}`, { request: asked(`Bearer ${token}`) })
        assert.notInclude(details, "u+c", String(before))
      }
    }))

  it.effect("stay what they are where they quote none, also for a credential as short as a word", () =>
    Effect.gen(function*() {
      const words = "Entity not found: Team"
      for (const credential of [token, "a", "Tea", ""]) {
        assert.strictEqual(yield* told(words, { request: asked(`Bearer ${credential}`) }), words)
      }
      assert.strictEqual(yield* told(words, {}), words)
    }))

  it.effect.prop("hold no credential of four characters or more", [secret, FastCheck.string(), FastCheck.string()], (
    [credential, before, after]
  ) =>
    Effect.gen(function*() {
      const details = yield* told(`${before}${credential}${after}`, { request: asked(`Bearer ${credential}`) })
      // What the marker itself is made of is no credential.
      if (credential.length >= 4 && !"[secret]".includes(credential)) assert.notInclude(details, credential)
    }))
})
