import { Config, ConfigError, Either } from "effect"
import { type Address, isPublic, isWithin, parseAddress, parseRange, type Range } from "./addresses.ts"

/** An entry of `OUTBOUND_ALLOW`. */
export interface Exception {
  readonly place: { readonly _tag: "Name"; readonly name: string } | { readonly _tag: "Range"; readonly range: Range }
  /** `null` for every port. */
  readonly port: number | null
  /** Whether plain http may be spoken there as well. */
  readonly http: boolean
}

/** Where a URL leads to, as far as it says so itself. */
export interface Place {
  /** `https:` or another. */
  readonly protocol: string
  /** As `URL` has it: in lower case, addresses in their canonical spelling. */
  readonly hostname: string
  readonly port: number
}

/** What may be done with a place: connect whatever its addresses are, connect if its addresses allow, or neither. */
export type Verdict = "open" | "resolve" | "not-https" | "not-public"

const normalName = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, "")

export const placeOf = ({ hostname, port, protocol }: Pick<URL, "hostname" | "port" | "protocol">): Place => ({
  protocol,
  hostname: normalName(hostname),
  port: port === "" ? (protocol === "http:" ? 80 : 443) : Number(port)
})

/** Names that no public server has: RFC 6761, 6762, 8375, ICANN's `.internal`, and those without a dot. */
const inner = /^[^.:[\]]*$|(^|\.)(localhost|local|internal|home\.arpa)$/

const addressIn = ({ place }: Exception, address: Address): boolean =>
  place._tag === "Range" && isWithin(address, place.range)

/** What of a place can be judged without asking for a name's addresses. */
export const judge = (allowed: ReadonlyArray<Exception>, { hostname, port, protocol }: Place): Verdict => {
  const address = parseAddress(hostname)
  const exceptions = allowed.filter((exception) =>
    (exception.port === null || exception.port === port) &&
    (address === undefined
      ? exception.place._tag === "Name" && exception.place.name === hostname
      : addressIn(exception, address))
  )
  if (protocol !== "https:" && !(protocol === "http:" && exceptions.some(({ http }) => http))) return "not-https"
  if (exceptions.length > 0) return "open"
  if (address !== undefined) return isPublic(address) ? "open" : "not-public"
  return inner.test(hostname) ? "not-public" : "resolve"
}

/** Whether a connection to an address that a name has may be made. */
export const permits = (allowed: ReadonlyArray<Exception>, address: string, port: number): boolean => {
  const parsed = parseAddress(address)
  if (parsed === undefined) return false
  return isPublic(parsed) ||
    allowed.some((exception) => (exception.port === null || exception.port === port) && addressIn(exception, parsed))
}

const only = (address: Address): Range => [address, address.toByteArray().length * 8]

/** An address or a CIDR. */
const rangeOf = (text: string): Range | undefined => {
  const address = parseAddress(text)
  return address === undefined ? parseRange(text) : only(address)
}

const placeNamed = (host: string): Exception["place"] | undefined => {
  const url = `https://${host}`
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(host) || !URL.canParse(url)) return undefined
  const name = normalName(new URL(url).hostname)
  const range = rangeOf(name)
  return range === undefined ? { _tag: "Name", name } : { _tag: "Range", range }
}

const exceptionOf = (entry: string): Exception | undefined => {
  const http = /^http:\/\//i.test(entry)
  const text = entry.replace(/^https?:\/\//i, "")
  // Before ports: a bare IPv6 address has colons of its own.
  const range = rangeOf(text)
  if (range !== undefined) return { place: { _tag: "Range", range }, port: null, http }
  const [, host = "", digits] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? []
  const place = placeNamed(host)
  const port = digits === undefined ? null : Number(digits)
  return place === undefined || port === 0 || (port ?? 0) > 65_535 ? undefined : { place, port, http }
}

/** Where URLs of tenants may lead although it is not public, or not https. */
export const outboundAllow = Config.string("OUTBOUND_ALLOW").pipe(
  Config.withDefault(""),
  Config.mapOrFail((text) => {
    const entries = text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "")
    const exceptions = entries.flatMap((entry) => exceptionOf(entry) ?? [])
    const wrong = entries.flatMap((entry, index) => exceptionOf(entry) === undefined ? [index + 1] : [])
    return wrong.length === 0
      ? Either.right(exceptions)
      : Either.left(ConfigError.InvalidData(
        ["OUTBOUND_ALLOW"],
        "expected host, host:port, address or CIDR, separated by commas, each with http:// before it where plain http " +
          `is meant as well: not so at entry ${wrong.join(", ")}`
      ))
  })
)
