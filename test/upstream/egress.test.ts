import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { ConfigError, Effect, Either, FastCheck } from "effect"
import { judge, outboundAllow, permits, placeOf } from "../../src/upstream/egress.ts"
import { environment } from "../fakes/Storage.ts"

const parsed = (OUTBOUND_ALLOW: string) => Effect.provide(Effect.either(outboundAllow), environment({ OUTBOUND_ALLOW }))

/** How a URL is judged by an operator with these exceptions. */
const verdict = (url: string, allow = "") =>
  Effect.map(
    Effect.flatten(parsed(allow)),
    (allowed) => judge(allowed, placeOf(new URL(url)))
  )

const inner = [
  // This machine, in every spelling that URL parsers take.
  "127.0.0.1",
  "127.8.9.10",
  "2130706433",
  "0x7f000001",
  "017700000001",
  "127.1",
  "0x7f.1",
  "127.0.0.1.",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "%31%32%37.0.0.1",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  // Disguised as IPv6: mapped, compatible, translated, 6to4, Teredo, NAT64.
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  "[2002:7f00:1::]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::10.0.0.1]",
  "[2001:0:7f00:1::1]",
  // Unspecified, private, link-local, carrier-grade NAT, multicast, broadcast.
  "0.0.0.0",
  "0",
  "0.1.2.3",
  "[::]",
  "10.0.0.1",
  "10.255.255.255",
  "172.16.0.1",
  "172.31.255.254",
  "192.168.1.1",
  "169.254.1.1",
  "100.64.0.1",
  "100.127.255.254",
  "224.0.0.1",
  "239.255.255.250",
  "255.255.255.255",
  "240.0.0.1",
  "[fc00::1]",
  "[fdff::1]",
  "[fe80::1]",
  "[fec0::1]",
  "[ff02::1]",
  // Clouds' metadata.
  "169.254.169.254",
  "0xa9fea9fe",
  "[fd00:ec2::254]",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  // Documentation, benchmarks, other special uses, and what nobody has been given.
  "192.0.2.1",
  "198.51.100.1",
  "203.0.113.1",
  "198.18.0.1",
  "192.0.0.1",
  "192.88.99.1",
  "[2001:db8::1]",
  "[3fff::1]",
  "[100::1]",
  "[100:0:0:1::1]",
  "[2001:2::1]",
  "[2001:10::1]",
  "[5f00::1]",
  "[4000::1]"
]

const innerNames = [
  "localhost",
  "LOCALHOST",
  "localhost.",
  "api.localhost",
  "metadata",
  "metadata.google.internal",
  "printer.local",
  "router.home.arpa",
  "redis"
]

const outer = [
  "8.8.8.8",
  "172.32.0.1",
  "100.128.0.1",
  "[2606:4700:4700::1111]",
  "[64:ff9b::8.8.8.8]",
  "[::ffff:8.8.8.8]"
]

describe("a tenant's URL", () => {
  it.effect.each(inner)("may not lead to %s", (host) =>
    Effect.gen(function*() {
      for (const url of [`https://${host}/`, `https://${host}:8443/`]) {
        assert.strictEqual(yield* verdict(url), "not-public")
      }
    }))

  it.effect.each(innerNames)(
    "may not name %s",
    (host) => Effect.map(verdict(`https://${host}/`), (is) => assert.strictEqual(is, "not-public"))
  )

  it.effect.each(outer)(
    "may lead to %s",
    (host) => Effect.map(verdict(`https://${host}/`), (is) => assert.strictEqual(is, "open"))
  )

  it.effect.each(["http://8.8.8.8/", "http://agents.acme.com/", "ftp://agents.acme.com/", "http://localhost/"])(
    "is https: not %s",
    (url) => Effect.map(verdict(url), (is) => assert.strictEqual(is, "not-https"))
  )

  it.effect("with another name depends on the name's addresses", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* verdict("https://agents.acme.com/"), "resolve")
      // A name that begins or ends like an inner one is none.
      for (const host of ["localhost.acme.com", "127.0.0.1.acme.com", "notlocalhost.com", "mylocal.dev"]) {
        assert.strictEqual(yield* verdict(`https://${host}/`), "resolve")
      }
    }))

  it.prop(
    "leads to no private or loopback address, whichever",
    [
      FastCheck.constantFrom([127], [10], [192, 168], [169, 254]),
      FastCheck.tuple(...Array.from({ length: 4 }, () => FastCheck.integer({ min: 0, max: 255 })))
    ],
    ([prefix, bytes]) => {
      const octets = [...prefix, ...bytes].slice(0, 4)
      const dotted = octets.join(".")
      const number = octets.reduce((sum, octet) => sum * 256 + octet, 0)
      for (
        const host of [
          dotted,
          String(number),
          `0x${number.toString(16)}`,
          `0${number.toString(8)}`,
          `[::ffff:${dotted}]`
        ]
      ) {
        assert.strictEqual(judge([], placeOf(new URL(`https://${host}/`))), "not-public", host)
      }
      assert.isFalse(permits([], dotted, 443))
      assert.isFalse(permits([], `::ffff:${dotted}`, 443))
    }
  )
})

describe("an address that a name has", () => {
  it("has to be public", () => {
    const bare = (host: string) => host.replaceAll(/[[\]]/g, "")
    // As resolvers give them.
    const plain = (host: string) => bare(new URL(`https://${host}/`).hostname)
    for (const host of inner) assert.isFalse(permits([], plain(host), 443), host)
    for (const host of outer) assert.isTrue(permits([], plain(host), 443), host)
    for (const odd of ["", "agents.acme.com", "fe80::1%eth0", "1.2.3", "8.8.8.8/32"]) {
      assert.isFalse(permits([], odd, 443), odd)
    }
  })
})

describe("OUTBOUND_ALLOW", () => {
  it.effect("opens what it names, and nothing beside it", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [allow: string, url: string, is: string]> = [
        ["agents.corp", "https://agents.corp/", "open"],
        ["Agents.Corp.", "https://AGENTS.corp./", "open"],
        ["agents.corp", "https://agents.corp:8443/", "open"],
        ["agents.corp", "https://x.agents.corp/", "resolve"],
        ["agents.corp", "http://agents.corp/", "not-https"],
        ["http://agents.corp", "http://agents.corp/", "open"],
        ["http://agents.corp", "https://agents.corp/", "open"],
        ["https://agents.corp", "http://agents.corp/", "not-https"],
        ["agents.corp:8443", "https://agents.corp:8443/", "open"],
        ["agents.corp:8443", "https://agents.corp/", "resolve"],
        ["agents.corp:443", "https://agents.corp/", "open"],
        ["agents.corp:443", "https://agents.corp:444/", "resolve"],
        ["http://127.0.0.1:9000", "http://127.0.0.1:9000/x", "open"],
        ["http://127.0.0.1:9000", "http://127.0.0.1:9001/x", "not-https"],
        ["http://127.0.0.1:9000", "http://2130706433:9000/x", "open"],
        ["http://127.0.0.1:9000", "http://localhost:9000/x", "not-https"],
        ["http://localhost:9000", "http://localhost:9000/x", "open"],
        ["127.0.0.1", "https://127.0.0.2/", "not-public"],
        ["10.0.0.0/8", "https://10.1.2.3:8443/", "open"],
        ["10.0.0.0/8", "https://[::ffff:10.1.2.3]/", "open"],
        ["10.0.0.0/8", "https://11.1.2.3/", "open"],
        ["10.0.0.0/8", "https://192.168.0.1/", "not-public"],
        ["10.0.0.0/8", "http://10.1.2.3/", "not-https"],
        ["http://10.0.0.0/8", "http://10.1.2.3/", "open"],
        ["fd00::/8", "https://[fd00::1]/", "open"],
        ["fd00::1", "https://[fd00::1]/", "open"],
        ["fd00::1", "https://[fd00::2]/", "not-public"],
        ["::1", "https://[::1]/", "open"],
        ["[fd00::1]:8443", "https://[fd00::1]:8443/", "open"],
        ["[fd00::1]:8443", "https://[fd00::1]/", "not-public"],
        ["10.0.0.0/8, http://a.corp ,", "http://a.corp/", "open"],
        // A name's addresses are looked at later: http to a name has to be allowed by that name.
        ["http://0.0.0.0/0", "http://agents.acme.com/", "not-https"]
      ]
      for (const [allow, url, is] of cases) assert.strictEqual(yield* verdict(url, allow), is, `${allow}: ${url}`)
    }))

  it.effect("opens ranges to names that resolve into them", () =>
    Effect.gen(function*() {
      const allowed = yield* Effect.flatten(parsed("10.0.0.0/8, 192.168.7.7:8443"))
      const open = (address: string, port = 443) => permits(allowed, address, port)
      deepStrictEqual([open("10.9.9.9"), open("::ffff:10.9.9.9"), open("11.0.0.1"), open("127.0.0.1")], [
        true,
        true,
        true,
        false
      ])
      deepStrictEqual([open("192.168.7.7", 8443), open("192.168.7.7"), open("192.168.7.8", 8443)], [true, false, false])
    }))

  it.effect.each([
    "https://agents.corp/path",
    "agents.corp:0",
    "agents.corp:70000",
    "agents.corp:",
    "*.corp",
    "10.0.0.0/33",
    "10.0.0.0/8:443",
    "fd00::/129",
    "[fd00::1",
    "user@agents.corp",
    "ftp://agents.corp",
    "a b"
  ])("is refused by its name with %s", (entry) =>
    Effect.gen(function*() {
      const problem = yield* Effect.flatMap(parsed(`fine.corp,${entry}`), Either.flip)
      assert.isTrue(ConfigError.isConfigError(problem))
      assert.include(String(problem), "OUTBOUND_ALLOW")
      assert.include(String(problem), "entry 2")
      assert.notInclude(String(problem), entry)
    }))
})
