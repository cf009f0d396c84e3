interface Answer {
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

/** How many rows each list has. */
export const listed = 10

const rows = <A>(row: (n: number) => A): ReadonlyArray<A> => Array.from({ length: listed }, (_, n) => row(n))
const user = { id: "PUSER123", summary: "Fabiano Cruz", name: "Fabiano Cruz", email: "fabiano@acme.example" }

const incident = (id: string, status: string) => ({
  id,
  type: "incident",
  incident_number: 1234,
  title: "High error rate in checkout",
  summary: "[#1234] High error rate in checkout",
  status,
  urgency: "high",
  created_at: "2026-03-21T14:00:00Z",
  service: { id: "PSVC001", type: "service", summary: "checkout", name: "checkout" },
  assignments: [{ at: "2026-03-21T14:00:05Z", assignee: { ...user, type: "user" } }],
  acknowledgements: status === "acknowledged" ? [{ at: new Date().toISOString(), acknowledger: user }] : [],
  last_status_change_at: "2026-03-21T14:00:00Z",
  html_url: `https://acme.pagerduty.example/incidents/${id}`
})

const incidents = JSON.stringify({
  incidents: rows((n) => incident(`P1INC00${n}`, "triggered")),
  limit: 25,
  offset: 0,
  total: listed,
  more: false
})

const linearIssues = JSON.stringify({
  data: {
    issues: {
      nodes: rows((n) => ({
        identifier: `ENG-${340 + n}`,
        title: "Fix the race in checkout",
        priority: 2,
        createdAt: "2026-03-20T10:00:00.000Z",
        state: { name: "In Progress" },
        assignee: { name: "Fabiano Cruz" },
        labels: { nodes: [{ name: "bug" }, { name: "checkout" }] }
      }))
    }
  }
})

const sentryIssues = JSON.stringify(rows((n) => ({
  id: String(4812345 + n),
  shortId: `API-GATEWAY-${n}`,
  title: "TypeError: Cannot read properties of undefined",
  culprit: "checkout/total",
  level: "error",
  status: "unresolved",
  count: "142",
  userCount: 38,
  firstSeen: "2026-03-21T10:00:00.000000Z",
  lastSeen: "2026-03-21T14:00:00.000000Z",
  permalink: `https://acme.sentry.example/issues/${4812345 + n}/`,
  project: { id: "1", slug: "api-gateway" },
  metadata: { type: "TypeError", value: "Cannot read properties of undefined" }
})))

const sentryHeaders = { "x-hits": String(listed) }

const incidentPath = /^\/incidents\/([A-Za-z0-9]+)(\/notes)?$/

/** What the vendors' services answer; only what their answers vary by is read. */
export const answers = (method: string, url: string, body: string): Answer => {
  if (url.startsWith("/incidents?")) return { text: incidents }
  if (url === "/graphql") return { text: linearIssues }
  if (url.startsWith("/api/0/organizations/")) return { text: sentryIssues, headers: sentryHeaders }
  const [, id, note] = incidentPath.exec(url) ?? []
  if (note !== undefined) return { text: body }
  if (id !== undefined) {
    return { text: JSON.stringify({ incident: incident(id, method === "PUT" ? "acknowledged" : "triggered") }) }
  }
  if (url === "/api/chat.postMessage") return { text: "{\"ok\":true,\"ts\":\"1503435956.000247\"}" }
  return { text: "{\"messaging_product\":\"whatsapp\",\"messages\":[{\"id\":\"wamid.1\"}]}" }
}
