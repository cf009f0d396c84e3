import { randomBytes } from "node:crypto"
import { v7 as timeOrderedUuid } from "uuid"
import type { Place, RouteRow, Store } from "./store.ts"

export interface Event {
  readonly source: string
  readonly type: string
  readonly dedupKey: string
  readonly projectId: string | null
  readonly title: string
  readonly text: string | null
  readonly url: string | null
  readonly severity: string
  readonly state: string
  readonly groupKey: string | null
  readonly body: string
  readonly dataPath: string
  readonly occurredAt: string
  readonly forAgent: boolean
}

interface Compiled extends RouteRow {
  readonly pattern: RegExp
}

const compile = (row: RouteRow): Compiled => ({
  ...row,
  pattern: new RegExp(`^${row.event_type.replace(/[.\\+?^${}()|[\]]/g, "\\$&").replaceAll("*", ".*")}$`)
})

/** Stores events with their inbox entry and their deliveries, all in one transaction for each. */
export const makeEvents = (store: Store, wake: (place: Place) => void) => {
  /** Nobody changes routes here: read once. */
  const compiled = new Map<string, ReadonlyArray<Compiled>>()
  const routesOf = (org: string): ReadonlyArray<Compiled> => {
    const known = compiled.get(org)
    if (known !== undefined) return known
    const routes = store.routes.all(org).map(compile)
    compiled.set(org, routes)
    return routes
  }

  const agentOf = (org: string, project: string, now: string): string => {
    const known = store.agent.get(org, project)
    if (known !== undefined) return known.id
    const id = `agent-incident-${randomBytes(3).toString("hex")}`
    store.addAgent.run(org, project, id, now)
    return id
  }

  const matching = (org: string, { projectId, type }: Event): ReadonlyArray<Compiled> => {
    const taken = new Set<string>()
    return routesOf(org).filter((route) => {
      if (route.enabled === 0 || !route.pattern.test(type)) return false
      if (route.project_id !== null && route.project_id !== projectId) return false
      const place = `${route.channel} ${route.channel_id}`
      if (taken.has(place)) return false
      taken.add(place)
      return true
    })
  }

  const storeOne = store.db.transaction((orgId: string, event: Event): string | null => {
    const first = store.eventByKey.get(orgId, event.dedupKey)
    if (first !== undefined) return first.agent_id
    const now = new Date().toISOString()
    const id = `evt-${timeOrderedUuid()}`
    const agentId = event.forAgent ? agentOf(orgId, event.projectId ?? "default", now) : null
    const { forAgent: _, ...told } = event
    store.addEvent.run({ ...told, orgId, id, agentId, receivedAt: now })
    if (agentId !== null) {
      const number = store.nextOfAgent.get(orgId, agentId)?.last_number ?? 1
      store.addInboxEntry.run(orgId, agentId, number, id, now)
    }
    for (const route of matching(orgId, event)) {
      const { channel, channel_id: channelId, number: routeNumber } = route
      const number = store.nextOfDestination.get(orgId, channel, channelId, now)?.last_number ?? 1
      store.addDelivery.run({
        orgId,
        id: `dlv-${timeOrderedUuid()}`,
        eventId: id,
        eventType: event.type,
        routeNumber,
        channel,
        channelId,
        number,
        groupKey: event.groupKey,
        state: event.state,
        severity: event.severity,
        createdAt: now
      })
      setImmediate(wake, { org_id: orgId, channel, channel_id: channelId })
    }
    return agentId
  })

  return { accept: (org: string, event: Event): string | null => storeOne.immediate(org, event) } as const
}
