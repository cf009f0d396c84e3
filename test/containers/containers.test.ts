import { assert, describe, it } from "@effect/vitest"
import { Schema, Struct } from "effect"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { parse } from "yaml"
import { json, letThrough, stagesOf } from "./dockerfile.ts"

const Service = Schema.Struct({
  image: Schema.optional(Schema.String),
  build: Schema.optional(Schema.String),
  user: Schema.optional(Schema.String),
  privileged: Schema.optional(Schema.Boolean),
  read_only: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  cap_drop: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  security_opt: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  environment: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
    default: () => ({})
  }),
  ports: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  networks: Schema.Array(Schema.String),
  volumes: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  healthcheck: Schema.optional(Schema.Struct({ test: Schema.NonEmptyArray(Schema.String) }, {
    key: Schema.String,
    value: Schema.Unknown
  })),
  stop_grace_period: Schema.optional(Schema.String),
  depends_on: Schema.optional(Schema.Unknown)
}, { key: Schema.String, value: Schema.Unknown })

const Compose = Schema.Struct({
  services: Schema.Record({ key: Schema.String, value: Service }),
  networks: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  volumes: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}, { key: Schema.String, value: Schema.Unknown })

const { networks, services, volumes } = Schema.decodeUnknownSync(Compose)(
  parse(readFileSync("compose.yaml", "utf8"), { merge: true, strict: true, uniqueKeys: true })
)
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined)
const names = ours.map(([name]) => name)

const stages = stagesOf("Dockerfile")
const [build, shipped] = stages

const texts = (stage: typeof build, keyword: string) =>
  (stage?.instructions ?? []).filter((one) => one.keyword === keyword).map(({ text }) => text)

const sources = (directory: string): string =>
  readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(`${directory}/${name}`, "utf8")).join("\n")

const secretive = /PASSWORD|SECRET|TOKEN|KEYS?$/

describe("compose.yaml", () => {
  it("runs three processes of the same build behind a balancer, over one PostgreSQL", () => {
    assert.deepStrictEqual(names, ["api1", "api2", "api3"])
    assert.deepStrictEqual(Object.keys(services), [...names, "balancer", "postgres"])
    const settings = ours.map(([, { environment }]) => Struct.omit(environment, "CLUSTER_HOST"))
    for (const one of settings) assert.deepStrictEqual(one, settings[0])
    assert.deepStrictEqual(ours.map(([, { environment }]) => environment["CLUSTER_HOST"]), names)
  })

  it("gives our processes nothing that they do not need", () => {
    for (const name of [...names, "balancer"]) {
      const { cap_drop, ports, privileged, read_only, security_opt, user } = services[name] ?? assert.fail(name)
      assert.isTrue(read_only, name)
      assert.deepStrictEqual(cap_drop, ["ALL"], name)
      assert.deepStrictEqual(security_opt, ["no-new-privileges:true"], name)
      assert.isUndefined(privileged, name)
      assert.isUndefined(user, name)
      if (name !== "balancer") assert.deepStrictEqual(ports, [], name)
    }
  })

  it("publishes the balancer alone, on loopback", () => {
    assert.deepStrictEqual(Object.values(services).flatMap(({ ports }) => ports), ["127.0.0.1:3000:3000"])
  })

  it("holds no secret", () => {
    for (const [name, { environment }] of Object.entries(services)) {
      for (const [variable, value] of Object.entries(environment)) {
        if (secretive.test(variable)) assert.match(value, /^\$\{\w+:\?.+\}$/, `${name}: ${variable}`)
      }
    }
    assert.match(services["api1"]?.environment["DATABASE_URL"] ?? "", /^postgres:\/\/\w+:\$\{\w+:\?[^}]+\}@postgres:/)
  })

  it("waits for a database that answers, and names only what there is", () => {
    for (const name of names) {
      assert.deepStrictEqual(services[name]?.depends_on, { postgres: { condition: "service_healthy" } })
    }
    assert.isDefined(services["postgres"]?.healthcheck)
    for (const [name, service] of Object.entries(services)) {
      for (const network of service.networks) assert.property(networks, network, name)
      for (const volume of service.volumes) {
        const [from = ""] = volume.split(":")
        assert.isTrue(from.startsWith("./") ? existsSync(from) : from in volumes, `${name}: ${volume}`)
      }
    }
  })

  it("sets only what the service reads", () => {
    const all = sources("src")
    for (const variable of Object.keys(services["api1"]?.environment ?? {})) {
      assert.include(all, `"${variable}"`)
    }
  })
})

describe("the Dockerfile", () => {
  it("builds in one stage and ships another, both of the same Node", () => {
    assert.lengthOf(stages, 2)
    assert.deepStrictEqual(build?.name, "build")
    assert.deepStrictEqual(stages.map(({ image }) => /(?:node:|nodejs)(\d+)/.exec(image)?.[1]), ["20", "20"])
    for (const { image } of stages) assert.match(image, /:(?!latest$)[\w.-]+$/)
    // Nothing runs in it: it has no shell.
    assert.deepStrictEqual(texts(shipped, "RUN"), [])
    for (const text of texts(shipped, "COPY")) assert.include(text, "--from=build")
  })

  it("runs as a user who is not root", () => {
    assert.match(shipped?.image ?? "", /:nonroot$/)
    assert.deepStrictEqual(texts(shipped, "USER"), [])
    assert.deepStrictEqual(texts(shipped, "COPY"), ["--from=build --chown=65532:65532 /ship ./"])
  })

  it("copies what .dockerignore lets through, and all of it", () => {
    const through = letThrough(".dockerignore")
    for (const name of through) assert.isTrue(existsSync(name), name)
    const copied = texts(build, "COPY").flatMap((text) => text.split(/\s+/).slice(0, -1)).map((name) =>
      name.replace("./", "")
    )
    assert.deepStrictEqual(new Set(copied), new Set(through))
  })

  it("holds no secret, and says in lists of arguments what it runs", () => {
    for (const stage of stages) {
      for (const keyword of ["ENV", "ARG"]) {
        for (const text of texts(stage, keyword)) assert.notMatch(text, secretive)
      }
      assert.deepStrictEqual(texts(stage, "ADD"), [])
    }
    assert.deepStrictEqual(json(texts(shipped, "CMD").join()), ["--max-semi-space-size=32", "bin/main.js"])
    assert.match(texts(shipped, "HEALTHCHECK").join(), /CMD \["/)
    assert.deepStrictEqual(texts(shipped, "EXPOSE"), ["3000 34431"])
  })
})

describe("the balancer", () => {
  const lines = readFileSync("deploy/haproxy.cfg", "utf8").split("\n").map((line) => line.trim())

  it("asks whether each process is ready, and sends to those", () => {
    assert.deepStrictEqual(
      lines.filter((line) => line.startsWith("server ")),
      names.map((name) => `server ${name} ${name}:3000`)
    )
    assert.include(lines, "option httpchk GET /health/ready")
    assert.include(lines, "http-check expect status 200")
  })

  it("waits longer than a long poll lasts", () => {
    for (const side of ["client", "server"]) {
      const seconds = lines.flatMap((line) => new RegExp(`^timeout ${side} (\\d+)s$`).exec(line)?.[1] ?? [])
      assert.isAbove(Number(seconds[0]), 30, side)
    }
  })

  it("knows that a process is going before that one stops to listen", () => {
    const every = /inter (\d+)s fall (\d+)/.exec(lines.join(" "))
    const delay = /^(\d+) seconds$/.exec(services["api1"]?.environment["SHUTDOWN_DELAY"] ?? "")
    const grace = /^(\d+)s$/.exec(services["api1"]?.stop_grace_period ?? "")
    assert.isAbove(Number(delay?.[1]), Number(every?.[1]) * Number(every?.[2]))
    assert.isAbove(Number(grace?.[1]), Number(delay?.[1]))
  })
})
