import { integration, Secret } from "../../domain/Integration.ts"

export const discord = integration({
  id: "discord",
  displayName: "Discord",
  alwaysListed: false,
  fields: { botToken: Secret("Bot token") }
})
