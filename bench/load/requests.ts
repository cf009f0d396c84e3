import type autocannon from "autocannon"
import { createHmac } from "node:crypto"
import type { Plan } from "./plan.ts"

/** Another one in every run and every process, so that nothing is taken for a repeat. */
const run = `${Date.now().toString(36)}${process.pid.toString(36)}`
let count = 0
const next = () => `${run}${(count++).toString(36).padStart(6, "0")}`

/** As Sentry tells of a new issue, with what it sends along and nobody reads. */
const issueCreated = (id: string) =>
  JSON.stringify({
    action: "created",
    installation: { uuid: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
    data: {
      issue: {
        id,
        shortId: `API-GATEWAY-${id}`,
        title: `TypeError: Cannot read properties of undefined (reading '${id}')`,
        culprit: "checkout/total",
        level: "error",
        status: "unresolved",
        substatus: "new",
        firstSeen: "2026-03-21T14:00:00.000000Z",
        lastSeen: "2026-03-21T14:00:00.000000Z",
        count: "1",
        userCount: 1,
        isUnhandled: true,
        platform: "javascript",
        web_url: `https://acme.sentry.example/issues/${id}/`,
        project: { id: "1", name: "api-gateway", slug: "api-gateway", platform: "javascript" },
        metadata: { type: "TypeError", value: "Cannot read properties of undefined", filename: "checkout/total.ts" }
      }
    },
    actor: { type: "application", id: "sentry", name: "Sentry" }
  })

const json = { "content-type": "application/json" }

/** The requests of one of so many connections. */
export const requests = (plan: Plan, connection: number, connections: number): Array<autocannon.Request> => {
  switch (plan._tag) {
    case "Read": {
      const { orgs, path } = plan
      // Each organisation belongs to one connection as far as there are enough: no two ask for the same.
      const own = orgs.length < connections ? orgs : orgs.filter((_, index) => index % connections === connection)
      return own.map((org) => ({ method: "GET", path, headers: { "x-org-id": org } }))
    }
    case "Acknowledge": {
      const org = plan.orgs[connection % plan.orgs.length] ?? ""
      const headers = { ...json, "x-org-id": org }
      const body = JSON.stringify({ acknowledgedBy: "agent-incident-x7k2m9" })
      return [{
        setupRequest: (request) => ({
          ...request,
          method: "POST",
          path: `/api/integrations/pagerduty/incidents/P${next().toUpperCase()}/acknowledge`,
          headers,
          body
        })
      }]
    }
    case "Webhook": {
      const path = `/api/webhooks/sentry?org=${plan.org}`
      return [{
        setupRequest: (request) => {
          const body = issueCreated(next())
          const signature = createHmac("sha256", plan.secret).update(body).digest("hex")
          return {
            ...request,
            method: "POST",
            path,
            headers: { ...json, "sentry-hook-signature": signature, "sentry-hook-resource": "issue" },
            body
          }
        }
      }]
    }
    case "Mixed":
      return plan.plans.flatMap((one) => requests(one, connection, connections))
  }
}
