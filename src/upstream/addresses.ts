import ipaddr from "ipaddr.js"

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** An address and how many of its leading bits count. */
export type Range = readonly [Address, number]

const ranges = (...texts: ReadonlyArray<string>): ReadonlyArray<Range> => texts.map((text) => ipaddr.parseCIDR(text))

/** All of IPv6 that is given out for use on the Internet (IANA, IPv6 Global Unicast Address Assignments). */
const globalUnicast = ranges("2000::/3")

/** Behind these is an IPv4 address: written as IPv6 (RFC 4291, 2.5.5.2), or translated on its way (RFC 6052). */
const disguises = ranges("::ffff:0:0/96", "64:ff9b::/96")

/** Addresses that look public and serve a cloud's own machines: Azure's metadata and platform service. */
const platforms = ranges("168.63.129.16/32")

export const isWithin = (address: Address, [range, bits]: Range): boolean =>
  address.kind() === range.kind() && address.match(range, bits)

/** The IPv4 address behind a disguise, else the address itself. */
const undisguised = (address: Address): Address =>
  address instanceof ipaddr.IPv6 && disguises.some((range) => isWithin(address, range))
    ? new ipaddr.IPv4(address.toByteArray().slice(12))
    : address

/** The address that a text stands for, if it is one, without brackets and disguise. Names are none. */
export const parseAddress = (text: string): Address | undefined => {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  // IPv4 in other spellings than four decimal numbers is a matter of URLs, whose parser turns it into these.
  return ipaddr.IPv6.isValid(bare) || ipaddr.IPv4.isValidFourPartDecimal(bare)
    ? undisguised(ipaddr.parse(bare))
    : undefined
}

/** `10.0.0.0/8`, `fd00::/8`. */
export const parseRange = (text: string): Range | undefined => {
  const [base = "", bits = ""] = text.split("/")
  const whole = ipaddr.IPv6.isValid(base) || ipaddr.IPv4.isValidFourPartDecimal(base)
  return whole && /^\d{1,3}$/.test(bits) && ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined
}

/** Whether an address is one of the Internet's: neither this machine's, nor of an inner network, nor of any special use. */
export const isPublic = (address: Address): boolean => {
  const real = undisguised(address)
  if (real.range() !== "unicast" || platforms.some((range) => isWithin(real, range))) return false
  return real.kind() === "ipv4" || globalUnicast.some((range) => isWithin(real, range))
}
