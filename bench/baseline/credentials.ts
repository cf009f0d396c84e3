import { createDecipheriv } from "node:crypto"

export interface Sealed {
  readonly org_id: string
  readonly integration: string
  readonly key_id: string
  readonly sealed: string
}

/** Opens configs as they are stored, each once for as long as it is the same. */
export const makeOpen = (encryptionKeys: string) => {
  const keys = new Map(
    encryptionKeys.split(",").map((entry): [string, Buffer] => {
      const [id = "", base64 = ""] = entry.split(":")
      return [id, Buffer.from(base64, "base64")]
    })
  )
  const opened = new Map<string, Readonly<Record<string, string>>>()
  return ({ integration, key_id, org_id, sealed }: Sealed): Readonly<Record<string, string>> => {
    const known = opened.get(sealed)
    if (known !== undefined) return known
    const bytes = Buffer.from(sealed, "base64")
    const decipher = createDecipheriv("aes-256-gcm", keys.get(key_id) ?? Buffer.alloc(32), bytes.subarray(0, 12))
    decipher.setAAD(Buffer.from(JSON.stringify([org_id, integration, key_id]))).setAuthTag(bytes.subarray(-16))
    const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8")
    const config = JSON.parse(text)
    opened.set(sealed, config)
    return config
  }
}
