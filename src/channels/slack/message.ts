import type { Alert } from "../../domain/Alert.ts"
import { cut, joined, link, words } from "../text.ts"

interface Text {
  readonly type: "plain_text" | "mrkdwn"
  readonly text: string
  readonly emoji?: boolean
  readonly verbatim?: boolean
}

type Block =
  | { readonly type: "header" | "section"; readonly text: Text }
  | { readonly type: "context"; readonly elements: ReadonlyArray<Text> }

interface Message {
  /** What notifications and screen readers give. */
  readonly text: string
  readonly blocks: ReadonlyArray<Block>
  readonly unfurl_links: false
}

/** `&`, `<` and `>` are all that Slack reads as its own. Source: Slack, "Formatting message text". */
const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
const size = (text: string): number => escape(text).length
const fitting = (text: string, most: number): string => escape(cut(text, most, size))

/** `verbatim`, so that outside text makes no mentions. Source: Slack Block Kit, "Text object". */
const mrkdwn = (text: string): Text => ({ type: "mrkdwn", text, verbatim: true })

/** A section for each text that says something. Its text holds 3000 characters. */
const sections = (...texts: ReadonlyArray<string>): ReadonlyArray<Block> =>
  texts.filter((text) => text !== "").map((text) => ({ type: "section", text: mrkdwn(text) }))

/**
 * The header, at most 150 characters of plain text, holds our own words alone: whether `&amp;` is decoded there is not
 * documented.
 */
export const message = (alert: Alert): Message => {
  const { event, more, notice, project, status, text, time, title } = words(alert)
  const url = escape(link(alert.url, 2900, size))
  return {
    text: joined([`${status}: ${fitting(title, 1000)}`, more], ", "),
    blocks: [
      { type: "header", text: { type: "plain_text", text: status, emoji: true } },
      ...sections(
        `*${fitting(title, 1000)}*`,
        notice,
        fitting(text, 2900),
        more && `*${more}*`,
        url && `<${url}|Open the details>`
      ),
      { type: "context", elements: [mrkdwn(fitting(joined([event, time, project], "  ·  "), 2900))] }
    ],
    unfurl_links: false
  }
}
