import { FastCheck, Schema } from "effect"
import { discord } from "../../src/channels/discord/definition.ts"
import { slack } from "../../src/channels/slack/definition.ts"
import { telegram } from "../../src/channels/telegram/definition.ts"
import { whatsapp } from "../../src/channels/whatsapp/definition.ts"
import { linear } from "../../src/integrations/linear/definition.ts"
import { pagerduty } from "../../src/integrations/pagerduty/definition.ts"
import { sentry } from "../../src/integrations/sentry/definition.ts"

/** A credential: printable ASCII without spaces. */
export const secret = FastCheck.string({
  unit: FastCheck.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 80
})

/** A short plain text, with characters beyond ASCII. */
export const setting = FastCheck.string({
  unit: FastCheck.constantFrom("a", "Z", "7", "-", ".", "_", " ", "@", "/", "ä", "–", "語", "🔥", "\"", "\\"),
  minLength: 1,
  maxLength: 60
})

const webhookSecrets = { webhookSecret: secret, webhookSecretPrevious: secret }

interface Contents {
  readonly secrets: ReadonlyArray<string>
  readonly required: ReadonlyArray<string>
  /** Every field that the contract names. */
  readonly fields: Readonly<Record<string, FastCheck.Arbitrary<unknown>>>
}

type Config = Readonly<Record<string, unknown>>

/** An integration's definition, and what its config may hold. */
const sample = <A extends Config, I>(
  definition: { readonly id: string; readonly Config: Schema.Schema<A, I> & { readonly fields: object } },
  contents: Contents
) => ({
  id: definition.id,
  definition: { Config: { fields: definition.Config.fields } },
  refuses: (config: unknown) => Schema.decodeUnknownEither(definition.Config)(config)._tag === "Left",
  decode: (config: unknown): Config => Schema.decodeUnknownSync(definition.Config)(config),
  encode: (config: Config): unknown => Schema.encodeUnknownSync(definition.Config)(config),
  ...contents
})

export const samples = [
  sample(pagerduty, {
    secrets: ["apiKey", "webhookSecret", "webhookSecretPrevious"],
    required: ["apiKey"],
    fields: {
      apiKey: secret,
      serviceId: setting,
      escalationPolicyId: setting,
      fromEmail: setting,
      region: FastCheck.constantFrom("us", "eu"),
      ...webhookSecrets
    }
  }),
  sample(linear, {
    secrets: ["apiKey", "webhookSecret", "webhookSecretPrevious"],
    required: ["apiKey"],
    fields: { apiKey: secret, teamId: setting, ...webhookSecrets }
  }),
  sample(sentry, {
    secrets: ["authToken", "webhookSecret", "webhookSecretPrevious"],
    required: ["authToken", "organization"],
    fields: {
      authToken: secret,
      organization: setting,
      project: setting,
      region: FastCheck.constantFrom("us", "de"),
      baseUrl: FastCheck.constantFrom("https://sentry.acme.com", "https://sentry.acme.com:9000/errors/"),
      ...webhookSecrets,
      installationId: setting,
      projects: FastCheck.dictionary(setting, setting, { maxKeys: 4, noNullPrototype: true })
    }
  }),
  sample(slack, { secrets: ["botToken"], required: ["botToken"], fields: { botToken: secret } }),
  sample(discord, { secrets: ["botToken"], required: ["botToken"], fields: { botToken: secret } }),
  sample(telegram, { secrets: ["botToken"], required: ["botToken"], fields: { botToken: secret } }),
  sample(whatsapp, {
    secrets: ["accessToken"],
    required: ["accessToken", "phoneNumberId"],
    fields: { accessToken: secret, phoneNumberId: setting, templateName: setting, templateLanguage: setting }
  })
]

/** A config as a caller sends it: all that is required, and any of the rest. */
export const sentConfig = ({ fields, required }: Contents): FastCheck.Arbitrary<Config> =>
  FastCheck.record({ ...fields }, { requiredKeys: [...required], noNullPrototype: true })
