import type { LinearSeed } from "./linear/records.ts"
import type { PagerDutySeed } from "./pagerdutyRecords.ts"
import type { SentrySeed } from "./sentryRecords.ts"

/** PagerDuty as the document shows it, for org `org-acme-corp`. */
export const pagerDutySeed: PagerDutySeed = {
  subdomain: "acme",
  timeZone: "America/Sao_Paulo",
  keys: {
    "u+abcdef1234567890": { kind: "user", userId: "PUSER123" },
    "account-key-sandbox": { kind: "account" },
    "pdus+oauth-sandbox": { kind: "oauth", userId: "PUSER123" }
  },
  users: [
    { id: "PUSER123", name: "Fabiano Cruz", email: "fabiano@acme.com" },
    { id: "PUSER456", name: "Ana Souza", email: "ana@acme.com" },
    { id: "PUSER789", name: "Bruno Lima", email: "bruno@acme.com" }
  ],
  escalationPolicies: [{ id: "PESC001", name: "api-gateway on-call" }, { id: "PESC002", name: "billing on-call" }],
  schedules: [{ id: "PSCHED1", name: "api-gateway primary" }],
  services: [
    { id: "P1ABC2D", name: "api-gateway", escalationPolicyId: "PESC001" },
    { id: "P2BILL1", name: "billing", escalationPolicyId: "PESC002" }
  ],
  // Level 2 comes first and another policy's level 1 is in between, so that a reader has to pick.
  oncalls: [
    { userId: "PUSER456", escalationPolicyId: "PESC001", level: 2, scheduleId: null, start: null, end: null },
    { userId: "PUSER789", escalationPolicyId: "PESC002", level: 1, scheduleId: null, start: null, end: null },
    {
      userId: "PUSER123",
      escalationPolicyId: "PESC001",
      level: 1,
      scheduleId: "PSCHED1",
      start: "2026-03-21T08:00:00Z",
      end: "2026-03-22T08:00:00Z"
    }
  ],
  incidents: [
    {
      id: "P1INC0A7",
      number: 7,
      title: "Elevated latency on nightly settlement",
      status: "acknowledged",
      urgency: "low",
      serviceId: "P2BILL1",
      createdAt: "2025-12-20T03:12:00Z",
      resolvedAt: null,
      assigneeIds: ["PUSER789"],
      acknowledged: { at: "2025-12-20T03:20:00Z", userId: "PUSER789" },
      notes: []
    },
    {
      id: "P1INC000",
      number: 41,
      title: "Certificate of api.acme.com about to expire",
      status: "resolved",
      urgency: "high",
      serviceId: "P1ABC2D",
      createdAt: "2026-03-20T10:00:00Z",
      resolvedAt: "2026-03-20T11:30:00Z",
      assigneeIds: [],
      acknowledged: null,
      notes: []
    },
    {
      id: "P1INC001",
      number: 42,
      title: "High error rate on /api/checkout",
      status: "triggered",
      urgency: "high",
      serviceId: "P1ABC2D",
      createdAt: "2026-03-21T14:05:00Z",
      resolvedAt: null,
      assigneeIds: ["PUSER123"],
      acknowledged: null,
      notes: []
    }
  ]
}

/** Sentry as the document shows it. */
export const sentrySeed: SentrySeed = {
  tokens: ["sntrys_sandbox"],
  organization: { id: "4500001", slug: "acme", name: "Acme" },
  projects: [
    { id: "101", slug: "api-gateway", name: "api-gateway", platform: "node" },
    { id: "102", slug: "web", name: "web", platform: "javascript" }
  ],
  issues: [
    {
      id: "4812345",
      shortId: "API-GATEWAY-7Q",
      projectId: "101",
      title: "TypeError: Cannot read property 'id' of undefined",
      culprit: "src/handlers/checkout.ts in processOrder",
      level: "error",
      status: "unresolved",
      count: 142,
      userCount: 38,
      firstSeen: "2026-03-20T09:00:00Z",
      lastSeen: "2026-03-21T14:01:00Z"
    },
    {
      id: "4812001",
      shortId: "API-GATEWAY-6B",
      projectId: "101",
      title: "TimeoutError: upstream took longer than 5000ms",
      culprit: "src/clients/payments.ts in charge",
      level: "warning",
      status: "resolved",
      count: 9,
      userCount: 4,
      firstSeen: "2026-03-10T12:00:00.123000Z",
      lastSeen: "2026-03-12T18:30:00.456000Z"
    },
    {
      id: "4811777",
      shortId: "WEB-3F",
      projectId: "102",
      title: "ReferenceError: cart is not defined",
      culprit: null,
      level: "error",
      status: "unresolved",
      count: 17,
      userCount: 11,
      firstSeen: "2026-03-18T07:45:00.000000+00:00",
      lastSeen: "2026-03-20T22:10:00.000000+00:00"
    }
  ]
}

/** Linear as the document shows it: two teams, ENG-347 in progress, ENG-348 to come. */
export const linearSeed: LinearSeed = {
  apiKeys: ["lin_api_sandbox"],
  oauthTokens: ["lin_oauth_sandbox"],
  organization: { id: "6d1f0e3a-52a7-4d0c-9c0b-8f6a8a4f2a11", urlKey: "acme", name: "Acme" },
  users: [
    { id: "0b9f3c1e-6a58-4d0e-8f6d-2f6f4a1d7c01", name: "CodeSpar", email: "codespar@acme.com" },
    { id: "0b9f3c1e-6a58-4d0e-8f6d-2f6f4a1d7c02", name: "Maria Silva", email: "maria@acme.com" },
    { id: "0b9f3c1e-6a58-4d0e-8f6d-2f6f4a1d7c03", name: "Fabiano Cruz", email: "fabiano@acme.com" }
  ],
  teams: [
    { id: "team-eng", key: "ENG", name: "Engineering", issueCount: 142, nextNumber: 348, defaultStateId: "eng-todo" },
    { id: "team-platform", key: "PLT", name: "Platform", issueCount: 87, nextNumber: 102, defaultStateId: "plt-todo" }
  ],
  states: [
    { id: "eng-todo", name: "Todo", type: "unstarted", teamId: "team-eng" },
    { id: "eng-progress", name: "In Progress", type: "started", teamId: "team-eng" },
    { id: "eng-done", name: "Done", type: "completed", teamId: "team-eng" },
    { id: "plt-todo", name: "Todo", type: "unstarted", teamId: "team-platform" },
    { id: "plt-progress", name: "In Progress", type: "started", teamId: "team-platform" }
  ],
  labels: [
    { id: "label-backend", name: "backend", teamId: null },
    { id: "label-security", name: "security", teamId: null },
    { id: "label-bug", name: "bug", teamId: "team-eng" },
    // Hidden from lists, yet its name is taken.
    { id: "label-legacy", name: "legacy", teamId: "team-eng", archivedAt: "2025-11-02T09:00:00.000Z" }
  ],
  issues: [
    {
      id: "7f0c1c5e-3d8a-4b1e-9a56-0d6f5f3a0347",
      number: 347,
      teamId: "team-eng",
      title: "Add rate limiting to public API",
      description: null,
      priority: 2,
      stateId: "eng-progress",
      assigneeId: "0b9f3c1e-6a58-4d0e-8f6d-2f6f4a1d7c02",
      labelIds: ["label-backend", "label-security"],
      createdAt: "2026-03-19T10:00:00.000Z",
      updatedAt: "2026-03-20T16:30:00.000Z"
    },
    {
      id: "7f0c1c5e-3d8a-4b1e-9a56-0d6f5f3a0346",
      number: 346,
      teamId: "team-eng",
      title: "Document the webhook retry policy",
      description: null,
      priority: 4,
      stateId: "eng-todo",
      assigneeId: null,
      labelIds: [],
      createdAt: "2026-03-18T09:15:00.000Z",
      updatedAt: "2026-03-18T09:15:00.000Z"
    },
    {
      id: "7f0c1c5e-3d8a-4b1e-9a56-0d6f5f3a0101",
      number: 101,
      teamId: "team-platform",
      title: "Move build cache to the new region",
      description: null,
      priority: 3,
      stateId: "plt-progress",
      assigneeId: "0b9f3c1e-6a58-4d0e-8f6d-2f6f4a1d7c03",
      labelIds: ["label-backend"],
      createdAt: "2026-03-17T13:00:00.000Z",
      updatedAt: "2026-03-19T08:00:00.000Z"
    }
  ]
}

/** What each vendor signs its webhooks with, by our integration id. */
export const sandboxWebhookSecrets = {
  pagerduty: "pagerduty-sandbox-secret",
  linear: "linear-sandbox-secret",
  sentry: "sentry-sandbox-secret"
} as const

/** The organisation of the document's examples. */
export const sandboxOrg = "org-acme-corp"

/** The bodies of `POST /api/integrations/configure` that connect the service to the stand-ins, in this order. */
export const sandboxCredentials = [
  {
    integration: "pagerduty",
    config: { apiKey: "u+abcdef1234567890", serviceId: "P1ABC2D", webhookSecret: sandboxWebhookSecrets.pagerduty }
  },
  { integration: "linear", config: { apiKey: "lin_api_sandbox", webhookSecret: sandboxWebhookSecrets.linear } },
  {
    integration: "sentry",
    config: { authToken: "sntrys_sandbox", organization: "acme", webhookSecret: sandboxWebhookSecrets.sentry }
  },
  { integration: "slack", config: { botToken: "xoxb-sandbox" } },
  { integration: "discord", config: { botToken: "discord-sandbox-token" } },
  { integration: "telegram", config: { botToken: "123456:sandbox" } },
  {
    integration: "whatsapp",
    config: {
      accessToken: "EAAsandbox",
      phoneNumberId: "15550001111",
      templateName: "alert",
      templateLanguage: "en_US"
    }
  }
] as const
