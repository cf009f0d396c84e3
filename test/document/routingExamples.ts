import { type Example, json, org } from "./Example.ts"

/** The signature is the test's to make. */
export const webhookExample: Example = {
  title: "Sentry Webhook",
  method: "POST",
  path: "/api/webhooks/sentry",
  headers: { ...json },
  body: `{
    "action": "created",
    "data": {
      "issue": {
        "id": "4812345",
        "title": "TypeError: Cannot read property id of undefined",
        "project": { "slug": "api-gateway" }
      }
    }
  }`,
  status: 200,
  response: `{
  "received": true,
  "routed": true,
  "agentId": "agent-incident-xyz789"
}`
}

export const routeExamples: ReadonlyArray<Example> = [
  {
    title: "List Routes",
    method: "GET",
    path: "/api/channel-routes",
    headers: { ...org },
    status: 200,
    response: `{
  "routes": [
    {
      "id": "route-001",
      "eventType": "incident.*",
      "channel": "slack",
      "channelId": "C0ALERTS",
      "projectId": "proj-001",
      "enabled": true
    },
    {
      "id": "route-002",
      "eventType": "deploy.*",
      "channel": "slack",
      "channelId": "C0DEPLOY",
      "projectId": "proj-001",
      "enabled": true
    }
  ]
}`
  },
  {
    title: "Create Route",
    clock: "2026-03-21T14:15:00Z",
    method: "POST",
    path: "/api/channel-routes",
    headers: { ...json, ...org },
    body: `{
    "eventType": "sentry.*",
    "channel": "slack",
    "channelId": "C0ERRORS",
    "projectId": "proj-001"
  }`,
    status: 201,
    response: `{
  "id": "route-003",
  "eventType": "sentry.*",
  "channel": "slack",
  "channelId": "C0ERRORS",
  "projectId": "proj-001",
  "enabled": true,
  "createdAt": "2026-03-21T14:15:00Z"
}`
  },
  {
    title: "Delete Route",
    method: "DELETE",
    path: "/api/channel-routes/route-003",
    headers: { ...org },
    status: 200,
    response: `{
  "id": "route-003",
  "deleted": true
}`
  }
]

export const errorExamples = {
  notConfigured: `{
  "error": "PagerDuty integration is not configured",
  "code": "INTEGRATION_NOT_CONFIGURED",
  "status": 400
}`,
  upstream: `{
  "error": "Failed to fetch from Sentry API",
  "code": "UPSTREAM_ERROR",
  "status": 502,
  "details": "Request timeout after 10000ms"
}`,
  routeNotFound: `{
  "error": "Channel route not found",
  "code": "ROUTE_NOT_FOUND",
  "status": 404
}`
}
