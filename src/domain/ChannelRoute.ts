import { Schema } from "effect"
import { Name } from "./Text.ts"

/** What a route listens to: event types, where `*` stands for any run of characters, dots included. */
export const EventPattern = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_.*-]{1,128}$/, { message: () => "expected 1 to 128 characters of A-Z a-z 0-9 _ . * -" }),
  Schema.annotations({
    identifier: "EventPattern",
    description: "Event types to match; `*` matches any run of characters, dots included; case-sensitive",
    examples: ["sentry.*"]
  })
)

export const ChannelId = Name.annotations({
  description: "The channel or group, as its own service names it",
  examples: ["C0ERRORS"]
})
export const ProjectId = Name.annotations({ description: "Only events of this project", examples: ["proj-001"] })

/** `route-001`, `route-002`, …: counted per org and never reused. */
export const RouteId = Schema.String.annotations({
  identifier: "RouteId",
  description: "The route's id, counted per organisation",
  examples: ["route-003"]
})

export const routeId = (number: number): string => `route-${String(number).padStart(3, "0")}`

/** The number behind a route id; `null` for anything that is not exactly the id of some route. */
export const routeNumber = (id: string): number | null => {
  const digits = /^route-(\d{3,15})$/.exec(id)?.[1]
  const number = Number(digits)
  return digits !== undefined && number > 0 && routeId(number) === id ? number : null
}

/**
 * Makes a pattern ready to be matched. Linear in the type's length for each `*`: the segments between stars are looked
 * for from left to right, so no pattern makes it slow.
 */
export const compile = (pattern: string): (eventType: string) => boolean => {
  const [head = "", ...rest] = pattern.split("*")
  const tail = rest.pop()
  if (tail === undefined) return (eventType) => pattern === eventType
  return (eventType) => {
    if (!eventType.startsWith(head)) return false
    let from = head.length
    for (const segment of rest) {
      const found = eventType.indexOf(segment, from)
      if (found === -1) return false
      from = found + segment.length
    }
    return eventType.length - tail.length >= from && eventType.endsWith(tail)
  }
}

/** A route as decisions need it. */
export interface Listening {
  readonly number: number
  readonly enabled: boolean
  readonly channel: string
  readonly channelId: string
  /** `null` listens to every project. */
  readonly projectId: string | null
  readonly listensTo: (eventType: string) => boolean
}

/** Why a route does not send an event. `same-destination`: an older route already sends it there. */
export const Miss = Schema.Literal("disabled", "event-type", "project", "same-destination")
export type Miss = typeof Miss.Type

/** What each route does with an event, in the routes' order, the oldest first. `null` where it sends it. */
export const decide = <Route extends Listening>(
  routes: ReadonlyArray<Route>,
  event: { readonly type: string; readonly projectId: string | null }
): ReadonlyArray<{ readonly route: Route; readonly miss: Miss | null }> => {
  const taken = new Set<string>()
  const missOf = ({ channel, channelId, enabled, listensTo, projectId }: Route): Miss | null => {
    if (!enabled) return "disabled"
    if (!listensTo(event.type)) return "event-type"
    if (projectId !== null && projectId !== event.projectId) return "project"
    const destination = JSON.stringify([channel, channelId])
    if (taken.has(destination)) return "same-destination"
    taken.add(destination)
    return null
  }
  return routes.map((route) => ({ route, miss: missOf(route) }))
}
