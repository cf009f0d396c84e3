import { assert, describe, it } from "@effect/vitest"
import { JSONSchema, Schema } from "effect"
import { sentry } from "../../src/integrations/sentry/definition.ts"

describe("Sentry's config", () => {
  const decode = Schema.decodeUnknownEither(sentry.Config)
  const withBase = (baseUrl: unknown) => decode({ authToken: "t", organization: "acme", baseUrl })._tag

  it("takes a self-hosted https address and nothing more in it", () => {
    for (const good of ["https://sentry.acme.com", "https://sentry.acme.com:9000/errors/", "HTTPS://[::1]/"]) {
      assert.strictEqual(withBase(good), "Right", good)
    }
    for (
      const bad of [
        "http://sentry.acme.com",
        "https://",
        "https:sentry.acme.com",
        "https://user:pass@sentry.acme.com",
        "https://@sentry.acme.com",
        "https://sentry.acme.com/?a=1",
        "https://sentry.acme.com/?",
        "https://sentry.acme.com/#top",
        "https://sentry.acme.com\\evil",
        "https://sentry acme.com",
        "https://a:99999/",
        "ftp://sentry.acme.com",
        "",
        7
      ]
    ) {
      assert.strictEqual(withBase(bad), "Left", String(bad))
    }
  })

  it("maps slugs to projects and has a JSON schema", () => {
    const projects = { "api-gateway": "proj-001" }
    assert.strictEqual(decode({ authToken: "t", organization: "acme", projects })._tag, "Right")
    assert.strictEqual(decode({ authToken: "t", organization: "acme", projects: { web: "" } })._tag, "Left")
    const schema = JSON.stringify(JSONSchema.make(sentry.Configure))
    assert.match(schema, /"baseUrl":\{[^}]*"description":"The https address[^}]*"format":"uri"/)
  })
})
