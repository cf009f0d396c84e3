import type { Alert } from "../../domain/Alert.ts"
import { joined, link, words } from "../text.ts"

interface Message {
  /** Without `parse_mode`, which would refuse the whole message for one bad character. */
  readonly text: string
  readonly link_preview_options: { readonly is_disabled: true }
}

/** 1 to 4096 characters. All but the link is 2700 at most. */
export const message = (alert: Alert): Message => {
  const { event, more, notice, project, status, text, time, title } = words(alert)
  return {
    text: joined([
      joined([`${status}: ${title}`, notice], "\n"),
      text,
      more,
      joined([project && `Project: ${project}`, `Event: ${event}`, `Time: ${time}`], "\n"),
      link(alert.url, 1300)
    ], "\n\n"),
    link_preview_options: { is_disabled: true }
  }
}
