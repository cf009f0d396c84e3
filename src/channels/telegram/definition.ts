import { integration, Secret } from "../../domain/Integration.ts"

export const telegram = integration({
  id: "telegram",
  displayName: "Telegram",
  alwaysListed: false,
  fields: { botToken: Secret("Bot token") }
})
