import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { parse } from "yaml"
import { at } from "../http/ask.ts"
import { catalogue, metricsOf, problems, resultLabels } from "./promql.ts"

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")
const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** Grafana's own variables stand where PromQL wants a duration. */
const filledIn = (query: string) => query.replaceAll("$__rate_interval", "1m")

const dashboard: unknown = JSON.parse(read("deploy/grafana-dashboard.json"))
const panels = listOf(at(dashboard, "panels"))
const targets = panels.flatMap((panel) =>
  listOf(at(panel, "targets")).map((target) => ({
    panel: String(at(panel, "title")),
    query: filledIn(String(at(target, "expr"))),
    legend: String(at(target, "legendFormat"))
  }))
)

const rules = listOf(at(parse(read("deploy/alerts.yaml")), "groups")).flatMap((group) => listOf(at(group, "rules")))

const wrong = (query: string) => problems(query).map((problem) => `${query}: ${problem}`)

describe("what finds queries wrong", () => {
  it("finds a metric, a label and a bracket that are not there", () => {
    assert.deepStrictEqual(problems("sum(rate(http_requests_total[5m]))"), [])
    assert.deepStrictEqual(problems("sum(rate(http_request_total[5m]))"), ["no metric http_request_total"])
    assert.deepStrictEqual(problems("http_requests_total{path=\"/\"}"), ["no path on http_requests_total"])
    assert.deepStrictEqual(problems("sum by (org) (http_requests_total)"), ["no org on http_requests_total"])
    assert.deepStrictEqual(problems("sum by (le) (http_request_duration_seconds_count)"), [
      "no le on http_request_duration_seconds_count"
    ])
    assert.isAbove(problems("sum(http_requests_total").length, 0)
    assert.isAbove(problems("1 + 1").length, 0)
  })
})

describe("the Grafana dashboard", () => {
  it("asks for metrics and labels that there are", () => {
    assert.isAbove(targets.length, 25)
    assert.deepStrictEqual(targets.flatMap(({ query }) => wrong(query)), [])
  })

  it("names its lines by labels that its queries leave", () => {
    const unknown = targets.flatMap(({ legend, panel, query }) =>
      [...legend.matchAll(/\{\{(\w+)\}\}/g)]
        .filter(([, label = ""]) => !resultLabels(query).includes(label))
        .map(([label]) => `${panel}: ${label}`)
    )
    assert.deepStrictEqual(unknown, [])
  })

  it("shows every metric", () => {
    const shown = new Set(targets.flatMap(({ query }) => metricsOf(query)))
    assert.deepStrictEqual(catalogue.map(({ name }) => name).filter((name) => !shown.has(name)), [])
  })

  it("chooses by a metric that there is, and has no two panels of one id or in one place", () => {
    const variables = listOf(at(dashboard, "templating", "list")).flatMap((one) => {
      const query = at(one, "query", "query")
      const [, asked = ""] = /^label_values\((.*), \w+\)$/.exec(String(query)) ?? []
      return asked === "" ? [] : [asked]
    })
    assert.lengthOf(variables, 2)
    assert.deepStrictEqual(variables.flatMap(wrong), [])
    const ids = panels.map((panel) => at(panel, "id"))
    const places = panels.map((panel) => `${at(panel, "gridPos", "x")} ${at(panel, "gridPos", "y")}`)
    assert.strictEqual(new Set(ids).size, panels.length)
    assert.strictEqual(new Set(places).size, panels.length)
  })
})

describe("the alert rules", () => {
  it("ask for metrics and labels that there are", () => {
    assert.isAbove(rules.length, 8)
    assert.deepStrictEqual(rules.flatMap((rule) => wrong(String(at(rule, "expr")))), [])
  })

  it("have a name of their own, a severity, and a summary that names labels they have", () => {
    assert.strictEqual(new Set(rules.map((rule) => at(rule, "alert"))).size, rules.length)
    for (const rule of rules) {
      assert.include(["page", "ticket"], at(rule, "labels", "severity"))
      const words = `${String(at(rule, "annotations", "summary"))} ${String(at(rule, "annotations", "description"))}`
      for (const [, label = ""] of words.matchAll(/\$labels\.(\w+)/g)) {
        assert.include(resultLabels(String(at(rule, "expr"))), label, String(at(rule, "alert")))
      }
    }
  })
})
