import { Array, Effect } from "effect"
import { discordSeed, slackSeed, telegramSeed, whatsAppSeed } from "../../src/sandbox/chatSeed.ts"
import { makeDiscord } from "../../src/sandbox/discord.ts"
import { makeLinear } from "../../src/sandbox/linear/linear.ts"
import { makePagerDuty } from "../../src/sandbox/pagerduty.ts"
import { linearSeed, pagerDutySeed, sentrySeed } from "../../src/sandbox/seed.ts"
import { makeSentry } from "../../src/sandbox/sentry.ts"
import { makeSlack } from "../../src/sandbox/slack.ts"
import { makeTelegram } from "../../src/sandbox/telegram.ts"
import { makeWhatsApp } from "../../src/sandbox/whatsapp.ts"

/** The credential that each vendor knows a tenant by, and what its webhooks are signed with. */
export interface Credentials {
  readonly pagerduty: string
  readonly linear: string
  readonly sentry: string
  readonly slack: string
  readonly discord: string
  readonly telegram: string
  readonly whatsapp: string
  readonly webhookSecret: string
  readonly webhookSecretPrevious: string
}

/** The bodies that configure them, all other settings being alike for every tenant. */
export const configs = (
  { webhookSecret, webhookSecretPrevious, ...tokens }: Credentials
): Readonly<Record<Vendor, { readonly integration: Vendor; readonly config: Readonly<Record<string, unknown>> }>> => {
  const secrets = { webhookSecret, webhookSecretPrevious }
  return {
    pagerduty: { integration: "pagerduty", config: { apiKey: tokens.pagerduty, serviceId: "P1ABC2D", ...secrets } },
    linear: { integration: "linear", config: { apiKey: tokens.linear, ...secrets } },
    sentry: { integration: "sentry", config: { authToken: tokens.sentry, organization: "acme", ...secrets } },
    slack: { integration: "slack", config: { botToken: tokens.slack } },
    discord: { integration: "discord", config: { botToken: tokens.discord } },
    telegram: { integration: "telegram", config: { botToken: tokens.telegram } },
    whatsapp: {
      integration: "whatsapp",
      config: {
        accessToken: tokens.whatsapp,
        phoneNumberId: "15550001111",
        templateName: "alert",
        templateLanguage: "en_US"
      }
    }
  }
}

export type Vendor = Exclude<keyof Credentials, "webhookSecret" | "webhookSecretPrevious">
export const vendors: ReadonlyArray<Vendor> = [
  "pagerduty",
  "linear",
  "sentry",
  "slack",
  "discord",
  "telegram",
  "whatsapp"
]

/**
 * A tenant's accounts at every vendor: stand-ins that take its credentials alone. Ids are those of the sandbox, so they are
 * the same for every tenant; each text holds the mark.
 */
export const accounts = (mark: string, tokens: Credentials) =>
  Effect.all({
    pagerduty: makePagerDuty({
      seed: {
        ...pagerDutySeed,
        keys: { [tokens.pagerduty]: { kind: "user", userId: "PUSER123" } },
        users: pagerDutySeed.users.map((user) => ({
          ...user,
          name: `${user.name} ${mark}`,
          email: `${user.id}@${mark}.test`
        })),
        services: pagerDutySeed.services.map((service) => ({ ...service, name: `${service.name} ${mark}` })),
        incidents: pagerDutySeed.incidents.map((incident) => ({ ...incident, title: `${incident.title} ${mark}` }))
      }
    }),
    linear: makeLinear({
      seed: {
        ...linearSeed,
        apiKeys: [tokens.linear],
        oauthTokens: [],
        users: Array.map(
          linearSeed.users,
          (user) => ({ ...user, name: `${user.name} ${mark}`, email: `u@${mark}.test` })
        ),
        teams: linearSeed.teams.map((team) => ({ ...team, name: `${team.name} ${mark}` })),
        labels: linearSeed.labels.map((label) => ({ ...label, name: `${label.name} ${mark}` })),
        issues: linearSeed.issues.map((issue) => ({ ...issue, title: `${issue.title} ${mark}` }))
      }
    }),
    sentry: makeSentry({
      seed: {
        ...sentrySeed,
        tokens: [tokens.sentry],
        issues: sentrySeed.issues.map((issue) => ({ ...issue, title: `${issue.title} ${mark}` }))
      }
    }),
    slack: makeSlack({ seed: { ...slackSeed, tokens: { [tokens.slack]: "active" } } }),
    discord: makeDiscord({ seed: { ...discordSeed, tokens: [tokens.discord] } }),
    telegram: makeTelegram({ seed: { ...telegramSeed, tokens: [tokens.telegram] } }),
    whatsapp: makeWhatsApp({ seed: { ...whatsAppSeed, tokens: [tokens.whatsapp] } })
  }, { concurrency: "unbounded" })
