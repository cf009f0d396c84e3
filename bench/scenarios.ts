import type { Plan } from "./load/plan.ts"
import { orgs, webhookSecret } from "./seed/orgs.ts"

export interface Scenario {
  readonly id: string
  readonly title: string
  readonly connections: number
  readonly plan: Plan
  /** Which of the bare server's endpoints does what this one could not do without. */
  readonly bare?: "/ten" | "/thousand"
  readonly data: "plain" | "history"
  /** Whether `--quick` has it. */
  readonly quick: boolean
}

/** As many as the figures of other systems were measured with. */
const many = 50

const read = (path: string, ...from: ReadonlyArray<string>): Plan => ({ _tag: "Read", path, orgs: from })
const webhook = (org: string): Plan => ({ _tag: "Webhook", org, secret: webhookSecret })

const incidents = "/api/integrations/pagerduty/incidents"
const issues = "/api/integrations/linear/issues"
const errors = "/api/observability/sentry"

const ofVendor = (id: string, name: string, path: string): ReadonlyArray<Scenario> => [
  {
    id: `${id}-distinct`,
    title: `${name}, 1,000 organisations`,
    connections: many,
    plan: read(path, ...orgs.distinct),
    data: "plain",
    quick: id === "pagerduty"
  },
  {
    id: `${id}-hot`,
    title: `${name}, one organisation`,
    connections: many,
    plan: read(path, orgs.hot),
    data: "plain",
    quick: id === "pagerduty"
  }
]

const webhooks = (
  id: string,
  title: string,
  connections: number,
  data: Scenario["data"],
  org: string = orgs.webhooks
): Scenario => ({ id, title, connections, plan: webhook(org), data, quick: id === "webhook-32" })

export const scenarios: ReadonlyArray<Scenario> = [
  {
    id: "routes-10",
    title: "Route list, 10 routes",
    connections: many,
    plan: read("/api/channel-routes", orgs.tenRoutes),
    bare: "/ten",
    data: "plain",
    quick: true
  },
  {
    id: "routes-1000",
    title: "Route list, 1,000 routes",
    // So that connections are made within a second.
    connections: 10,
    plan: read("/api/channel-routes", orgs.thousandRoutes),
    bare: "/thousand",
    data: "plain",
    quick: false
  },
  {
    id: "status",
    title: "Status of integrations",
    connections: many,
    plan: read("/api/integrations/status", ...orgs.distinct),
    bare: "/ten",
    data: "plain",
    quick: true
  },
  ...ofVendor("pagerduty", "PagerDuty incidents", incidents),
  ...ofVendor("linear", "Linear issues", issues),
  ...ofVendor("sentry", "Sentry issues", errors),
  {
    id: "acknowledge",
    title: "Acknowledge an incident",
    connections: many,
    plan: { _tag: "Acknowledge", orgs: orgs.distinct },
    data: "plain",
    quick: false
  },
  webhooks("webhook-1", "Webhook, in sequence", 1, "plain"),
  webhooks("webhook-32", "Webhook, 32 connections", 32, "plain"),
  webhooks("webhook-32-routes", "Webhook, 32 connections, 1,000 routes", 32, "plain", orgs.webhooksThousandRoutes),
  webhooks("webhook-1-history", "Webhook, in sequence, 100,000 events stored", 1, "history"),
  webhooks("webhook-32-history", "Webhook, 32 connections, 100,000 events stored", 32, "history")
]

/** A day in the life of a service: what its memory is measured with. Most of it is cheap, as it is with dashboards. */
export const mixed: Plan = {
  _tag: "Mixed",
  plans: [
    ...Array.from({ length: 6 }, () => [
      read("/api/integrations/status", ...orgs.distinct),
      read("/api/channel-routes", orgs.tenRoutes),
      read(incidents, orgs.hot)
    ]).flat(),
    read(issues, ...orgs.distinct)
  ]
}
