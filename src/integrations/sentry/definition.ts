import { Schema } from "effect"
import { ProjectId } from "../../domain/ChannelRoute.ts"
import { integration, optionally, Secret, Setting, webhookSecrets } from "../../domain/Integration.ts"
import { SentryGroup } from "./Api.ts"

const httpsUrl = /^https:\/\/[^\s?#@\\]+$/i

/** Where a self-hosted Sentry is. It may live under a path; whatever else a URL can hold has no place here. */
const BaseUrl = Setting("The https address of a self-hosted Sentry; wins over region").pipe(
  Schema.filter((text) => httpsUrl.test(text) && URL.canParse(text))
).annotations({
  message: () => ({ message: "expected an https URL without credentials, query and fragment", override: true }),
  jsonSchema: { format: "uri", pattern: httpsUrl.source },
  examples: ["https://sentry.acme.com"]
})

export const sentry = {
  ...integration({
    id: "sentry",
    displayName: "Sentry",
    alwaysListed: true,
    urls: ["baseUrl"],
    fields: {
      authToken: Secret("Token of an internal integration or a user, with the scopes event:read and org:read"),
      organization: Setting("The organization's slug"),
      project: optionally(Setting("The slug of the project whose issues are listed when the caller names none")),
      region: optionally(
        Schema.Literal("us", "de").annotations({ description: "Where Sentry keeps the organization" })
      ),
      baseUrl: optionally(BaseUrl),
      ...webhookSecrets,
      installationId: optionally(Setting("The uuid of the installation that sends the webhooks")),
      projects: optionally(
        Schema.Record({ key: Schema.String, value: ProjectId })
          .annotations({ description: "Our project ids by Sentry project slug" })
      )
    }
  }),
  group: SentryGroup
}
export type SentryConfig = typeof sentry.Config.Type
