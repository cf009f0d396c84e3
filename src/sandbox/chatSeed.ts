import type { DiscordSeed, SlackSeed, TelegramSeed, WhatsAppSeed } from "./chatRecords.ts"

/** The workspace with the document's channels, and one that the bot is not in. */
export const slackSeed: SlackSeed = {
  tokens: { "xoxb-sandbox": "active", "xoxb-revoked": "revoked" },
  team: { id: "T0ACME", name: "Acme", url: "https://acme.slack.com/" },
  bot: { userId: "U0SPAR", botId: "B0SPAR", name: "codespar" },
  channels: [
    { id: "C0ALERTS", name: "alerts", isMember: true },
    { id: "C0DEPLOY", name: "deploys", isMember: true },
    { id: "C0ERRORS", name: "errors", isMember: true },
    { id: "C0PRIVATE", name: "leadership", isMember: false },
    { id: "C0OLD", name: "alerts-2024", isMember: true, isArchived: true }
  ]
}

/** A guild with channels that the bot may post to, only see, and not see. */
export const discordSeed: DiscordSeed = {
  tokens: ["discord-sandbox-token"],
  bot: { id: "1200000000000000001", username: "codespar" },
  channels: [
    { id: "1200000000000000101", name: "alerts", guildId: "1200000000000000100", access: "post" },
    { id: "1200000000000000102", name: "announcements", guildId: "1200000000000000100", access: "see" },
    { id: "1200000000000000103", name: "staff", guildId: "1200000000000000100", access: "none" }
  ]
}

/** A supergroup, the group that it was before, a channel, and a person who blocked the bot. */
export const telegramSeed: TelegramSeed = {
  tokens: ["123456:sandbox"],
  bot: { id: 123456, firstName: "CodeSpar", username: "codespar_bot" },
  chats: [
    { id: -1001234567890, type: "supergroup", title: "Acme alerts" },
    { id: -987654321, type: "group", title: "Acme alerts", migratedTo: -1001234567890 },
    { id: -1009876543210, type: "channel", title: "Acme status", username: "acme_status" },
    { id: 5550001, type: "private", title: "Ana Souza", blocked: true }
  ]
}

/** A business number with one approved template, which takes the alert's text as its one parameter. */
export const whatsAppSeed: WhatsAppSeed = {
  tokens: ["EAAsandbox"],
  phoneNumber: { id: "15550001111", display: "+1 555-000-1111", verifiedName: "Acme" },
  templates: [{ name: "alert", language: "en_US", parameters: 1 }],
  openWindows: ["5511987654321"],
  notAllowed: ["16505550000"]
}
