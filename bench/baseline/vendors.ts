import { request } from "undici"

export type Config = Readonly<Record<string, string>>

/** A time without its fraction. */
const whole = (time: string) => time.replace(/\.\d+/, "")

interface User {
  readonly name: string
  readonly email: string
}

interface Incident {
  readonly id: string
  readonly title: string
  readonly status: string
  readonly urgency: string
  readonly created_at: string
  readonly service: { readonly name: string }
  readonly assignments: ReadonlyArray<{ readonly assignee: User }>
  readonly acknowledgements: ReadonlyArray<{ readonly at: string }>
}

interface LinearIssue {
  readonly identifier: string
  readonly title: string
  readonly state: { readonly name: string }
  readonly priority: number
  readonly assignee: { readonly name: string } | null
  readonly labels: { readonly nodes: ReadonlyArray<{ readonly name: string }> }
  readonly createdAt: string
}

interface SentryIssue {
  readonly id: string
  readonly title: string
  readonly culprit: string
  readonly level: string
  readonly count: string
  readonly userCount: number
  readonly firstSeen: string
  readonly lastSeen: string
  readonly permalink: string
}

const query = "query Issues($first: Int!, $filter: IssueFilter) { issues(first: $first, filter: $filter, " +
  "orderBy: createdAt) { nodes { identifier title priority createdAt state { name } assignee { name } " +
  "labels(first: 50) { nodes { name } } } } }"

const json = { "content-type": "application/json" }

/** A vendor's answer, believed. */
const ask = async <A>(url: string, options: Parameters<typeof request>[1]) => {
  const { body, headers, statusCode } = await request(url, options)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const value = await body.json() as A
  if (statusCode >= 300) throw new Error(`the vendor answered ${statusCode}`)
  return { value, headers }
}

const pagerduty = ({ apiKey }: Config) => ({
  accept: "application/vnd.pagerduty+json;version=2",
  authorization: `Token token=${apiKey}`
})

export const makeVendors = (origins: {
  readonly pagerduty: string
  readonly linear: string
  readonly sentry: string
}) => {
  const incidents = async (config: Config) => {
    const search = "statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&include%5B%5D=assignees" +
      "&include%5B%5D=services&date_range=all&sort_by=created_at%3Adesc&time_zone=UTC&total=true&limit=25"
    const { value } = await ask<{ readonly incidents: ReadonlyArray<Incident>; readonly total: number }>(
      `${origins.pagerduty}/incidents?${search}`,
      { headers: pagerduty(config) }
    )
    return {
      incidents: value.incidents.map(({ assignments, created_at, id, service, status, title, urgency }) => ({
        id,
        title,
        status,
        urgency,
        service: service.name,
        createdAt: whole(created_at),
        assignee: assignments[0] === undefined
          ? null
          : { name: assignments[0].assignee.name, email: assignments[0].assignee.email }
      })),
      total: value.total
    }
  }

  /** Read, acknowledged and noted down, as the service does it. */
  const acknowledge = async (config: Config, id: string, by: string) => {
    const url = `${origins.pagerduty}/incidents/${id}`
    const headers = { ...pagerduty(config), ...json }
    const before = await ask<{ readonly incident: Incident }>(url, { headers: pagerduty(config) })
    if (before.value.incident.status !== "triggered") throw new Error("not triggered")
    const { value: { incident } } = await ask<{ readonly incident: Incident }>(url, {
      method: "PUT",
      headers,
      body: JSON.stringify({ incident: { type: "incident_reference", status: "acknowledged" } })
    })
    await ask(`${url}/notes`, {
      method: "POST",
      headers,
      body: JSON.stringify({ note: { content: `Acknowledged by ${by}` } })
    })
    return { incident, acknowledgedAt: whole(incident.acknowledgements[0]?.at ?? "") }
  }

  const linearIssues = async ({ apiKey = "" }: Config) => {
    const { value } = await ask<{ readonly data: { readonly issues: { readonly nodes: ReadonlyArray<LinearIssue> } } }>(
      origins.linear,
      {
        method: "POST",
        headers: { ...json, accept: "application/json", authorization: apiKey },
        body: JSON.stringify({ query, variables: { first: 25, filter: {} } })
      }
    )
    const { nodes } = value.data.issues
    return {
      issues: nodes.map(({ assignee, createdAt, identifier, labels, priority, state, title }) => ({
        id: identifier,
        title,
        status: state.name,
        priority,
        assignee: assignee === null ? null : { name: assignee.name },
        labels: labels.nodes.map(({ name }) => name),
        createdAt: whole(createdAt)
      })),
      total: nodes.length
    }
  }

  const sentryIssues = async ({ authToken, organization = "" }: Config) => {
    const { headers, value } = await ask<ReadonlyArray<SentryIssue>>(
      `${origins.sentry}/api/0/organizations/${organization}/issues/?query=is%3Aunresolved&sort=date&limit=25`,
      { headers: { accept: "application/json", authorization: `Bearer ${authToken}` } }
    )
    return {
      issues: value.map(({ count, culprit, firstSeen, id, lastSeen, level, permalink, title, userCount }) => ({
        id,
        title,
        culprit,
        level,
        count: Number(count),
        userCount,
        firstSeen: whole(firstSeen),
        lastSeen: whole(lastSeen),
        permalink
      })),
      total: Number(headers["x-hits"])
    }
  }

  return { incidents, acknowledge, linearIssues, sentryIssues } as const
}
