import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { readFileSync } from "node:fs"
import * as metrics from "../../src/observability/metrics.ts"
import { currentExposition } from "../../src/observability/prometheus.ts"
import { catalogue, everything } from "./promql.ts"

const documentation = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8")
const rows = [...documentation.matchAll(/^\| `([a-z0-9_]+(?:_[a-z0-9]+)+)` \| ((?:`[a-z_]+`(?:, )?)*) ?\|/gm)]
const codes = (text: string) => [...text.matchAll(/`([a-z_]+)`/g)].flatMap(([, word]) => word ?? [])

describe("docs/operating.md", () => {
  it("lists exactly the metrics that there are, with their labels", () => {
    const listed = rows.map(([, name, labels = ""]) => `${name} ${codes(labels).join(" ")}`)
    assert.isAbove(catalogue.length, 15)
    assert.sameMembers(listed, everything.map(({ labels, name }) => `${name} ${labels.join(" ")}`))
  })
})

describe("a metric's description of itself", () => {
  it.effect("is what the exposition says of it", () =>
    Effect.gen(function*() {
      yield* Metric.increment(metrics.requests("a.b", "200", "ok"))
      yield* Metric.update(metrics.requestSeconds("a.b"), 0.1)
      yield* Metric.set(metrics.breakersOpen("Acme"), 1)
      const text = yield* Effect.sync(currentExposition)
      for (const { about } of [metrics.requests, metrics.requestSeconds, metrics.breakersOpen]) {
        assert.include(text, `# HELP ${about.name} ${about.description}\n# TYPE ${about.name} ${about.type}\n`)
        const [, labels = ""] = new RegExp(`^${about.name}(?:_count)?\\{(.*)\\}`, "m").exec(text) ?? []
        assert.deepStrictEqual([...labels.matchAll(/(\w+)="/g)].map(([, label]) => label), [...about.labels])
      }
    }))

  it("follows Prometheus' conventions", () => {
    for (const { labels, name, type } of catalogue) {
      assert.match(name, /^[a-z][a-z0-9_]*$/)
      assert.strictEqual(name.endsWith("_total"), type === "counter", name)
      assert.notIncludeMembers([...labels], ["org", "path", "url"])
    }
  })
})
