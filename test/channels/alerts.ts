import { DateTime, FastCheck } from "effect"
import type { Alert } from "../../src/domain/Alert.ts"
import { severities } from "../../src/domain/Event.ts"

/** An open alert with everything in it. */
export const critical: Alert = {
  eventType: "sentry.issue.created",
  severity: "critical",
  state: "open",
  title: "TypeError: order is undefined & <unknown>",
  text: "checkout_service at pay()\nuser_id is *missing*",
  url: "https://acme.sentry.io/issues/4812345/?project=1&referrer=alert",
  projectId: "proj-001",
  source: "sentry",
  occurredAt: DateTime.unsafeMake("2026-03-21T14:00:05.250Z"),
  folded: 12,
  test: false
}

/** The same thing, over, with nothing more to say. */
export const resolved: Alert = { ...critical, state: "resolved", text: null, url: null, projectId: null, folded: 0 }

/** What trying a route out sends. */
export const trial: Alert = {
  ...resolved,
  eventType: "alert.test",
  severity: "info",
  state: "open",
  title: "Test of route-001",
  source: "api",
  test: true
}

/** The most that there can be to say, with a link of this length. */
export const longest = (link: number): Alert => {
  const long = "ab ".repeat(40_000)
  return {
    ...trial,
    eventType: long,
    severity: "critical",
    state: "acknowledged",
    title: long,
    text: long,
    url: "https://acme.test/".padEnd(link, "a"),
    projectId: long,
    source: long,
    folded: Number.MAX_SAFE_INTEGER
  }
}

/** What breaks messages: markup, mentions, controls, halves of pairs, long clusters, text from right to left. */
const hostile = FastCheck.constantFrom(
  ..."&<>|*_~`\\[]()@#\n\r\t\u0000\u001b\u0085\u2028\u202e\u2066\u2069\u200d\ufeff".split(""),
  "\ud83d",
  "\ude00",
  "👨‍👩‍👧‍👦",
  "🇧🇷🇺🇸🇯🇵",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
  "e\u0301\u0323",
  "👍🏽",
  "#️⃣",
  `z${"\u0335".repeat(40)}`,
  "שלום עולם",
  "مرحبا",
  "日本語",
  "     ",
  "\r\n\r\n\n\n",
  "plain words ",
  "&amp;",
  "\\",
  "<!channel>",
  "<@U1>",
  "<@&123>",
  "@everyone",
  "@here",
  "[click](https://evil.test)",
  "<https://evil.test|click>",
  "https://acme.test/a_b?c=d&e=f",
  "https://a[b](https://evil.test)@everyone",
  "```\n",
  "> quote\n",
  "||spoiler||"
)

export const anyText = FastCheck.oneof(
  FastCheck.array(hostile, { maxLength: 60 }).map((parts) => parts.join("")),
  FastCheck.string({ unit: FastCheck.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  FastCheck.array(hostile, { minLength: 1, maxLength: 4 }).map((parts) =>
    parts.join("").repeat(100_000).slice(0, 100_000)
  ),
  FastCheck.lorem()
)

const url = FastCheck.oneof(
  FastCheck.nat(5000).map((length) => `https://acme.test/?${"a&".repeat(length).slice(0, length)}`),
  FastCheck.webUrl({ withFragments: true, withQueryParameters: true }),
  FastCheck.array(hostile, { maxLength: 6 }).map((parts) => `https://acme.test/${parts.join("")}?q=${parts.join("")}`),
  anyText
)

export const anyAlert: FastCheck.Arbitrary<Alert> = FastCheck.record({
  eventType: FastCheck.oneof(FastCheck.constant("incident.triggered"), anyText),
  severity: FastCheck.constantFrom(...severities),
  state: FastCheck.constantFrom("open" as const, "acknowledged" as const, "resolved" as const),
  title: anyText,
  text: FastCheck.option(anyText),
  url: FastCheck.option(url),
  projectId: FastCheck.option(anyText),
  source: FastCheck.constantFrom("sentry", "pagerduty", "linear", "api"),
  occurredAt: FastCheck.date({ noInvalidDate: true }).map((date) => DateTime.unsafeMake(date)),
  folded: FastCheck.oneof(FastCheck.constant(0), FastCheck.nat()),
  test: FastCheck.boolean()
})

/** Every string in a message, keys left out. */
export const stringsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
    ? Object.values(value).flatMap(stringsIn)
    : []

/** No message may hold halves of surrogate pairs, control characters but for `\n`, or what could reorder words. */
export const unsafe = /\p{Cs}|(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u

/** What every message says, whatever the channel: how bad it is, where it stands, if it is a test, how many more. */
export const said = ({ folded, severity, state, test }: Alert): ReadonlyArray<RegExp> => [
  new RegExp(severity, "i"),
  ...(state === "open" ? [] : [new RegExp(state, "i")]),
  ...(test ? [/TEST/, /Nothing has happened/] : []),
  ...(folded === 0 ? [] : [new RegExp(`and ${folded} more`)])
]
