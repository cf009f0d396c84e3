import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Schema } from "effect"
import { routeId, routeNumber } from "../../src/domain/ChannelRoute.ts"
import { OrgId } from "../../src/domain/Ids.ts"

describe("route ids", () => {
  it("count from route-001 and grow beyond three digits", () => {
    assert.deepStrictEqual([1, 12, 999, 1000, 123456].map(routeId), [
      "route-001",
      "route-012",
      "route-999",
      "route-1000",
      "route-123456"
    ])
  })

  it.prop("come back as the number they were made from", [FastCheck.integer({ min: 1, max: 1e15 - 1 })], ([number]) => {
    assert.strictEqual(routeNumber(routeId(number)), number)
  })

  it.each([
    "route-1",
    "route-01",
    "route-0001",
    "route-000",
    "route-0999",
    "route-1e3",
    "route-+01",
    "route--01",
    "route-0x1",
    "route-001 ",
    " route-001",
    "route-001\n",
    "route-1.0",
    "route-٠٠١",
    "route-９９９",
    "Route-001",
    "route001",
    "route-",
    "route-abc",
    "001",
    "",
    "route-9007199254740993",
    "route-99999999999999999999"
  ])("%j is the id of no route", (id) => {
    assert.isNull(routeNumber(id))
  })

  it.prop("any other text is no id", [FastCheck.string()], ([text]) => {
    const number = routeNumber(text)
    assert.isTrue(number === null || routeId(number) === text)
  })
})

describe("OrgId", () => {
  const accepts = Schema.is(OrgId)

  it.each(["org-acme-corp", "a", "0", "A.b_c-D", "x".repeat(128), "9-", "a..", "constructor"])("takes %s", (id) => {
    assert.isTrue(accepts(id))
  })

  it.each(["", "-a", ".a", "_a", "a b", "a/b", "a\n", "a\u0000", "é", "org:1", "a%2e", "x".repeat(129), " a", "a "])(
    "refuses %j",
    (id) => {
      assert.isFalse(accepts(id))
    }
  )

  it.prop(
    "takes what the contract's pattern takes, and nothing else",
    [FastCheck.string({ maxLength: 140 })],
    ([id]) => {
      const allowed = [...id].every((character) => /[A-Za-z0-9._-]/.test(character))
      const starts = /[A-Za-z0-9]/.test(id.charAt(0))
      assert.strictEqual(accepts(id), allowed && starts && id.length <= 128)
    }
  )
})
