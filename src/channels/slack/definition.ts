import { integration, Secret } from "../../domain/Integration.ts"

export const slack = integration({
  id: "slack",
  displayName: "Slack",
  alwaysListed: true,
  fields: { botToken: Secret("Bot token (xoxb-…) with the scope chat:write") }
})
