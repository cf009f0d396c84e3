import { Data, Effect, Either, Encoding, Option, Redacted } from "effect"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import type { OrgId } from "../domain/Ids.ts"
import { Keyring } from "./Keyring.ts"

/** Ciphertext belongs to one org and one integration: moved to another row, it does not open. */
export interface Owner {
  readonly orgId: OrgId
  readonly integration: string
}

/** The owner of the secret that signs pushes to an agent's endpoint. */
export const endpointOwner = (orgId: OrgId, agentId: string): Owner => ({ orgId, integration: `agent:${agentId}` })

export interface Sealed {
  readonly keyId: string
  /** Base64 of nonce, ciphertext and tag. */
  readonly sealed: string
}

/** The config cannot be decrypted: an operator must bring the key back, or the row was tampered with. */
export class Unopenable
  extends Data.TaggedError("Unopenable")<Owner & { readonly keyId: string; readonly why: string }>
{
  override get message() {
    return `The ${this.integration} config of ${this.orgId} does not open with key ${this.keyId}: ${this.why}`
  }
}

/** What was opened is not what this version expects there. Says nothing of it: errors of decoding quote what they got. */
export const unreadable = ({ integration, orgId }: Owner, keyId: string) =>
  new Unopenable({ orgId, integration, keyId, why: "it opens, but this version cannot read it" })

/** 96 bits, as NIST SP 800-38D recommends for GCM; random, which holds for 2^32 configs a key. */
const nonceBytes = 12
const tagBytes = 16

const associatedData = ({ integration, orgId }: Owner, keyId: string) =>
  new TextEncoder().encode(JSON.stringify([orgId, integration, keyId]))

/** AES-256-GCM for what must not be stored in clear. */
export class Vault extends Effect.Service<Vault>()("services/Vault", {
  effect: Effect.gen(function*() {
    const keyring = yield* Keyring

    const seal = (owner: Owner, plaintext: Redacted.Redacted): Effect.Effect<Sealed> =>
      Effect.sync(() => {
        const { id, secret } = keyring.current
        const nonce = randomBytes(nonceBytes)
        const cipher = createCipheriv("aes-256-gcm", Redacted.value(secret), nonce, { authTagLength: tagBytes })
          .setAAD(associatedData(owner, id))
        const text = cipher.update(Redacted.value(plaintext), "utf8")
        const sealed = Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()])
        return { keyId: id, sealed: Encoding.encodeBase64(sealed) }
      })

    const open = (owner: Owner, { keyId, sealed }: Sealed): Effect.Effect<Redacted.Redacted, Unopenable> => {
      const unopenable = (why: string) => new Unopenable({ ...owner, keyId, why })
      return Effect.gen(function*() {
        const key = yield* Option.match(keyring.find(keyId), {
          onNone: () => Either.left(unopenable("the key is not in ENCRYPTION_KEYS")),
          onSome: Either.right
        })
        const bytes = yield* Either.mapLeft(Encoding.decodeBase64(sealed), () => unopenable("it is not base64"))
        if (bytes.length < nonceBytes + tagBytes) return yield* unopenable("it is too short")
        return yield* Effect.try({
          try: () => {
            const decipher = createDecipheriv(
              "aes-256-gcm",
              Redacted.value(key.secret),
              bytes.subarray(0, nonceBytes),
              {
                authTagLength: tagBytes
              }
            ).setAAD(associatedData(owner, keyId)).setAuthTag(bytes.subarray(-tagBytes))
            const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
            return Redacted.make(Buffer.concat([text, decipher.final()]).toString("utf8"))
          },
          catch: () => unopenable("it was altered or belongs to another row")
        })
      })
    }

    return { seal, open } as const
  })
}) {}
