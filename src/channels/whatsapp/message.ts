import type { Alert } from "../../domain/Alert.ts"
import type { ConfigOf } from "../../domain/Integration.ts"
import { cut, joined, line, link, words } from "../text.ts"
import type { whatsapp } from "./definition.ts"

interface Message {
  readonly type: "template"
  readonly template: {
    readonly name: string
    readonly language: { readonly code: string }
    readonly components: readonly [{
      readonly type: "body"
      readonly parameters: readonly [{ readonly type: "text"; readonly text: string }]
    }]
  }
}

/** A template's body holds 1024 characters together with the template's own words, for which this leaves some room. */
const most = 900

const separator = " | "

/** What is left for one more part. */
const roomBeside = (...parts: ReadonlyArray<string>): number =>
  most - separator.length - joined(parts, separator).length

/** Shorter than this, text says nothing that the title does not. */
const leastText = 20

/**
 * An approved template, because free text reaches only those who wrote within the last 24 hours. Its one parameter is
 * a single line: WhatsApp refuses newlines, tabs and more than four spaces in a row there.
 */
export const message = (
  alert: Alert,
  { templateLanguage = "en_US", templateName = "alert" }: Pick<
    ConfigOf<typeof whatsapp>,
    "templateName" | "templateLanguage"
  >
): Message => {
  const { event, more, notice, project, status, text, time, title } = words(alert)
  const head = joined([`${status}: ${cut(title, 200)}`, notice, more], separator)
  const facts = joined([project && `Project: ${cut(project, 64)}`, event, time], separator)
  // The link takes its room before the text does.
  const url = link(alert.url, roomBeside(head, facts))
  const room = roomBeside(head, facts, url)
  const shown = room < leastText ? "" : cut(line(text), room)
  return {
    type: "template",
    template: {
      name: templateName,
      language: { code: templateLanguage },
      components: [{ type: "body", parameters: [{ type: "text", text: joined([head, shown, facts, url], separator) }] }]
    }
  }
}
