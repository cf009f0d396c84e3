import { Redacted, Schema } from "effect"
import { Name } from "./Text.ts"

/** A credential: `Redacted` from the moment it is decoded, so it cannot be logged or shown by accident. */
export const Secret = (description: string) =>
  Schema.Redacted(
    Schema.String.pipe(Schema.pattern(/^[\x21-\x7e]{1,4096}$/, {
      message: () => "expected 1 to 4096 printable ASCII characters without spaces"
    }))
  ).annotations({ description })

/** A short plain setting: a vendor's id, slug or name. */
export const Setting = (description: string) => Name.annotations({ description })

/** A field that may be left out; `null` counts as left out. */
export const optionally = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

/** The two secrets that verify a vendor's webhooks; both are valid while one replaces the other. */
export const webhookSecrets = {
  webhookSecret: optionally(Secret("Verifies the webhooks that this vendor sends")),
  webhookSecretPrevious: optionally(Secret("Still accepted while webhookSecret replaces it"))
}

/** Refuses misspelt fields and reports every problem at once. */
export const strictly = { onExcessProperty: "error", errors: "all" } as const

/**
 * One integration as the API knows it: its id, its name in sentences, and its config, whose secrets are `Redacted`.
 * Free of server code, so a client may import it.
 */
export interface Integration<Id extends string, Fields extends Schema.Struct.Fields> {
  readonly id: Id
  readonly displayName: string
  readonly Config: Schema.Struct<Fields>
  /** The body that configures it. */
  readonly Configure: Schema.Struct<{ integration: Schema.Literal<[Id]>; config: Schema.Struct<Fields> }>
  /** The fields that hold URLs which we call: where they may lead is checked before they are stored. */
  readonly urls: ReadonlyArray<string>
  /** Whether the status list shows it before it is configured. */
  readonly alwaysListed: boolean
}

/** The config of an integration, decoded. */
export type ConfigOf<I extends { readonly Config: { readonly Type: unknown } }> = I["Config"]["Type"]

export const integration = <const Id extends string, Fields extends Schema.Struct.Fields>(options: {
  readonly id: Id
  readonly displayName: string
  readonly alwaysListed: boolean
  readonly urls?: ReadonlyArray<keyof Fields & string>
  readonly fields: Fields
}): Integration<Id, Fields> => {
  const Config = Schema.Struct(options.fields).annotations({
    identifier: `${options.displayName}Config`,
    description: `How ${options.displayName} is reached for this organisation`,
    parseOptions: strictly
  })
  return {
    id: options.id,
    displayName: options.displayName,
    urls: options.urls ?? [],
    alwaysListed: options.alwaysListed,
    Config,
    Configure: Schema.Struct({ integration: Schema.Literal(options.id), config: Config }).annotations({
      identifier: `Configure${options.displayName}`,
      description: `${options.displayName}'s whole config: what is left out is forgotten`,
      parseOptions: strictly
    })
  }
}

/** What of a config may be shown: `null` where nothing is set, secrets by their last four characters. */
export const Masked = Schema.Record({
  key: Schema.String,
  value: Schema.NullOr(Schema.Union(Schema.String, Schema.Record({ key: Schema.String, value: Schema.String })))
})

const maskSecret = (secret: string): string => secret.length < 12 ? "••••" : `••••${secret.slice(-4)}`

/** Every field that the config may have, with its secrets masked. */
export const mask = (
  definition: { readonly Config: { readonly fields: object } },
  config: { readonly [field: string]: unknown }
): typeof Masked.Type =>
  Object.fromEntries(
    Object.keys(definition.Config.fields).map((field) => {
      const value = config[field]
      if (value === undefined) return [field, null]
      if (Redacted.isRedacted(value)) return [field, maskSecret(String(Redacted.value(value)))]
      return [field, typeof value === "string" ? value : Schema.decodeUnknownSync(Masked.value)(value)]
    })
  )
