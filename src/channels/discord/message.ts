import type { Alert } from "../../domain/Alert.ts"
import type { Severity } from "../../domain/Event.ts"
import { cut, joined, link, words } from "../text.ts"

interface Embed {
  readonly title: string
  readonly description?: string
  readonly url?: string
  /** RGB. */
  readonly color: number
  readonly fields: ReadonlyArray<{ readonly name: string; readonly value: string; readonly inline: boolean }>
  readonly footer: { readonly text: string }
}

interface Message {
  readonly embeds: readonly [Embed]
  /** Without it Discord reads every mention. */
  readonly allowed_mentions: { readonly parse: readonly [] }
}

const severityColors: { readonly [S in Severity]: number } = {
  info: 0x3498db,
  warning: 0xf1c40f,
  error: 0xe67e22,
  critical: 0xe74c3c
}
const acknowledged = 0x9b59b6
const resolved = 0x2ecc71
const grey = 0x95a5a6

const color = ({ severity, state, test }: Alert): number =>
  test ? grey : { open: severityColors[severity], acknowledged, resolved }[state]

/**
 * A backslash before all that Discord's markdown and mentions begin with. Bare URLs, which end before any of these but
 * `_` and `#`, stay as they are: a backslash would become part of the link.
 */
const escape = (text: string): string =>
  text.replace(
    /(https?:\/\/[^\s<>()[\]{}"'`|\\*~@]+)|[\\*_~`|<>#[\]@]/gi,
    (found, url: string | undefined) => url ?? `\\${found}`
  )
const fitting = (text: string, most: number): string => escape(cut(text, most, (part) => escape(part).length))

/** An embed: title 256, description 4096, field name 256 and value 1024, footer 2048, all together 6000 characters. */
export const message = (alert: Alert): Message => {
  const { event, more, notice, project, status, text, time, title } = words(alert)
  const url = link(alert.url, 2000)
  const description = joined([notice && `*${notice}*`, fitting(text, 3900), more && `**${more}**`], "\n\n")
  return {
    embeds: [{
      title: fitting(`${status}: ${title}`, 256),
      ...(url !== "" && { url }),
      color: color(alert),
      ...(description !== "" && { description }),
      fields: [["Project", project], ["Event", event]].flatMap(([name = "", value = ""]) =>
        value === "" ? [] : [{ name, value: fitting(value, 400), inline: true }]
      ),
      footer: { text: time }
    }],
    allowed_mentions: { parse: [] }
  }
}
