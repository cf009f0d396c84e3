import { Schema } from "effect"
import { integration, optionally, Secret, Setting, webhookSecrets } from "../../domain/Integration.ts"
import { PagerDutyGroup } from "./Api.ts"

export const pagerduty = {
  ...integration({
    id: "pagerduty",
    displayName: "PagerDuty",
    alwaysListed: true,
    fields: {
      apiKey: Secret("REST API key: a user's or the account's"),
      serviceId: optionally(Setting("The service whose on-call is asked for")),
      escalationPolicyId: optionally(Setting("The escalation policy to ask when no service is configured")),
      fromEmail: optionally(Setting("A user's login e-mail; account keys need it to acknowledge")),
      region: optionally(
        Schema.Literal("us", "eu").annotations({ description: "The account's region, us by default" })
      ),
      ...webhookSecrets
    }
  }),
  group: PagerDutyGroup
}
export type PagerDutyConfig = typeof pagerduty.Config.Type
