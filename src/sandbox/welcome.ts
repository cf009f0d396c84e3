import { inboxPagePort } from "./inboxPage.ts"
import { sandboxOrg, sandboxWebhookSecrets } from "./seed.ts"
import { signatureHeaders } from "./signature.ts"
import { sandboxPorts } from "./StandIns.ts"

/** The document's webhook, byte for byte. */
export const webhookBody = `{
    "action": "created",
    "data": {
      "issue": {
        "id": "4812345",
        "title": "TypeError: Cannot read property id of undefined",
        "project": { "slug": "api-gateway" }
      }
    }
  }`

const signature = signatureHeaders.sentry(sandboxWebhookSecrets.sentry, webhookBody)["sentry-hook-signature"]

/** What the sandbox prints once it is ready: commands to paste. */
export const welcome = (url: string): string => {
  const org = `-H "x-org-id: ${sandboxOrg}"`
  const json = `-H "Content-Type: application/json"`
  return `
The Integrations API runs at ${url} with stand-ins for every vendor. Nothing leaves this machine.

  API reference    ${url}/docs
  OpenAPI          ${url}/openapi.json
  Messages         http://127.0.0.1:${inboxPagePort}

Paste these, or any other command of the API reference, as organisation ${sandboxOrg}:

curl ${url}/api/integrations/status ${org}

curl ${url}/api/integrations/pagerduty/oncall ${org}

curl "${url}/api/integrations/pagerduty/incidents?status=triggered" ${org}

curl -X POST ${url}/api/integrations/pagerduty/incidents/P1INC001/acknowledge \\
  ${json} ${org} \\
  -d '{"acknowledgedBy": "agent-proj-abc123"}'

curl ${url}/api/integrations/linear/teams ${org}

curl "${url}/api/integrations/linear/issues?team=team-eng&status=In%20Progress" ${org}

curl -X POST ${url}/api/integrations/linear/issues \\
  ${json} ${org} \\
  -d '{"title": "Investigate flaky test", "teamId": "team-eng", "priority": 3, "labels": ["bug", "flaky-test"]}'

curl "${url}/api/observability/sentry?project=api-gateway&limit=10" ${org}

curl ${url}/api/channel-routes ${org}

An alert, from a webhook to a channel. Slack is not configured yet; once it is, the message appears at
http://127.0.0.1:${inboxPagePort}, which shows what each stand-in of a channel received:

curl -X POST ${url}/api/integrations/configure \\
  ${json} ${org} \\
  -d '{"integration": "slack", "config": {"botToken": "xoxb-sandbox"}}'

curl -X POST ${url}/api/channel-routes \\
  ${json} ${org} \\
  -d '{"eventType": "sentry.*", "channel": "slack", "channelId": "C0ERRORS"}'

curl -X POST ${url}/api/webhooks/sentry \\
  ${json} \\
  -H "sentry-hook-signature: ${signature}" \\
  -d '${webhookBody}'

curl "${url}/api/deliveries?limit=5" ${org}

curl ${url}/api/agents ${org}

Make a vendor fail for its next calls, one fault each (slow, throttled, status, hang, reset, truncated, stalled,
html, lying), then ask again:

curl -X POST http://127.0.0.1:${sandboxPorts.pagerduty}/_sandbox/faults \\
  -d '[{"_tag": "throttled", "retryAfterSeconds": 12}]'

curl http://127.0.0.1:${sandboxPorts.pagerduty}/_sandbox/calls     # what the service asked of PagerDuty

Vendors: ${
    Object.entries(sandboxPorts).map(([vendor, port]) => `${vendor} ${port}`).join(", ")
  }. Ctrl-C stops everything.
`
}
