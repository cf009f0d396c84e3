import { type Example, json, org } from "./Example.ts"

export const vendorExamples: ReadonlyArray<Example> = [
  {
    title: "Integration Status",
    method: "GET",
    path: "/api/integrations/status",
    headers: { ...org },
    status: 200,
    response: `{
  "integrations": [
    { "id": "pagerduty", "configured": true, "status": "active", "lastSync": "2026-03-21T14:00:00Z" },
    { "id": "linear", "configured": true, "status": "active", "lastSync": "2026-03-21T13:55:00Z" },
    { "id": "sentry", "configured": true, "status": "active", "lastSync": "2026-03-21T14:01:00Z" },
    { "id": "slack", "configured": false, "status": "inactive", "lastSync": null }
  ]
}`
  },
  {
    title: "Configure Integration",
    clock: "2026-03-21T14:10:00Z",
    method: "POST",
    path: "/api/integrations/configure",
    headers: { ...json, ...org },
    body: `{
    "integration": "pagerduty",
    "config": {
      "apiKey": "u+abcdef1234567890",
      "serviceId": "P1ABC2D"
    }
  }`,
    status: 200,
    response: `{
  "integration": "pagerduty",
  "status": "active",
  "configuredAt": "2026-03-21T14:10:00Z"
}`
  },
  {
    title: "Get On-Call Schedule",
    method: "GET",
    path: "/api/integrations/pagerduty/oncall",
    headers: { ...org },
    status: 200,
    response: `{
  "oncall": {
    "userId": "PUSER123",
    "name": "Fabiano Cruz",
    "email": "fabiano@acme.com",
    "escalationLevel": 1,
    "since": "2026-03-21T08:00:00Z",
    "until": "2026-03-22T08:00:00Z"
  }
}`
  },
  {
    title: "List Incidents",
    method: "GET",
    path: "/api/integrations/pagerduty/incidents?status=triggered",
    headers: { ...org },
    status: 200,
    response: `{
  "incidents": [
    {
      "id": "P1INC001",
      "title": "High error rate on /api/checkout",
      "status": "triggered",
      "urgency": "high",
      "service": "api-gateway",
      "createdAt": "2026-03-21T14:05:00Z",
      "assignee": {
        "name": "Fabiano Cruz",
        "email": "fabiano@acme.com"
      }
    }
  ],
  "total": 1
}`
  },
  {
    title: "Acknowledge Incident",
    method: "POST",
    path: "/api/integrations/pagerduty/incidents/P1INC001/acknowledge",
    headers: { ...json, ...org },
    body: `{"acknowledgedBy": "agent-proj-abc123"}`,
    status: 200,
    response: `{
  "id": "P1INC001",
  "status": "acknowledged",
  "acknowledgedAt": "2026-03-21T14:06:00Z"
}`
  },
  {
    title: "List Teams",
    method: "GET",
    path: "/api/integrations/linear/teams",
    headers: { ...org },
    status: 200,
    response: `{
  "teams": [
    { "id": "team-eng", "name": "Engineering", "key": "ENG", "issueCount": 142 },
    { "id": "team-platform", "name": "Platform", "key": "PLT", "issueCount": 87 }
  ]
}`
  },
  {
    title: "List Issues",
    method: "GET",
    path: "/api/integrations/linear/issues?team=team-eng&status=In%20Progress",
    headers: { ...org },
    status: 200,
    response: `{
  "issues": [
    {
      "id": "ENG-347",
      "title": "Add rate limiting to public API",
      "status": "In Progress",
      "priority": 2,
      "assignee": { "name": "Maria Silva" },
      "labels": ["backend", "security"],
      "createdAt": "2026-03-19T10:00:00Z"
    }
  ],
  "total": 1
}`
  },
  {
    title: "Create Issue",
    method: "POST",
    path: "/api/integrations/linear/issues",
    headers: { ...json, ...org },
    body: `{
    "title": "Investigate flaky test in auth module",
    "teamId": "team-eng",
    "description": "Test \`auth.spec.ts:42\` has failed 3 times in the last 24h.",
    "priority": 3,
    "labels": ["bug", "flaky-test"]
  }`,
    status: 201,
    response: `{
  "id": "ENG-348",
  "title": "Investigate flaky test in auth module",
  "status": "Todo",
  "url": "https://linear.app/acme/issue/ENG-348"
}`
  },
  {
    title: "Get Sentry Issues",
    method: "GET",
    path: "/api/observability/sentry?project=api-gateway&limit=10",
    headers: { ...org },
    status: 200,
    response: `{
  "issues": [
    {
      "id": "4812345",
      "title": "TypeError: Cannot read property 'id' of undefined",
      "culprit": "src/handlers/checkout.ts in processOrder",
      "level": "error",
      "count": 142,
      "userCount": 38,
      "firstSeen": "2026-03-20T09:00:00Z",
      "lastSeen": "2026-03-21T14:01:00Z",
      "permalink": "https://sentry.io/organizations/acme/issues/4812345/"
    }
  ],
  "total": 1
}`
  }
]
