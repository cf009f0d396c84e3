export interface SentryProject {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly platform: string
}

export interface SentryIssue {
  readonly id: string
  readonly shortId: string
  readonly projectId: string
  readonly title: string
  readonly culprit: string | null
  readonly level: string
  readonly status: "unresolved" | "resolved" | "ignored"
  readonly count: number
  readonly userCount: number
  readonly firstSeen: string
  readonly lastSeen: string
  /** Filtered out after paging: it takes a place on its page without showing, as Sentry's post-filtering does. */
  readonly hidden?: boolean
}

/** One Sentry organization. Seeded issues count as seen within every period. */
export interface SentrySeed {
  readonly tokens: ReadonlyArray<string>
  readonly organization: { readonly id: string; readonly slug: string; readonly name: string }
  readonly projects: ReadonlyArray<SentryProject>
  readonly issues: ReadonlyArray<SentryIssue>
}

/**
 * An issue as the lists give it; `count` is a string. Collapsing `stats` or `lifetime` also takes away the counts and the
 * times seen: Sentry's own CLI found so (getsentry/cli 969 and 1219).
 */
export const renderIssue = (seed: SentrySeed, issue: SentryIssue, collapse: ReadonlyArray<string>) => ({
  id: issue.id,
  shortId: issue.shortId,
  title: issue.title,
  culprit: issue.culprit,
  permalink: `https://sentry.io/organizations/${seed.organization.slug}/issues/${issue.id}/`,
  level: issue.level,
  status: issue.status,
  statusDetails: {},
  substatus: issue.status === "unresolved" ? "ongoing" : null,
  isPublic: false,
  platform: seed.projects.find((project) => project.id === issue.projectId)?.platform ?? "other",
  project: seed.projects.find((project) => project.id === issue.projectId),
  type: "error",
  metadata: { type: issue.title.split(":")[0], value: issue.title.split(": ").slice(1).join(": ") },
  issueType: "error",
  issueCategory: "error",
  priority: "high",
  assignedTo: null,
  annotations: [],
  ...(collapse.includes("stats") || collapse.includes("lifetime") ? {} : {
    count: String(issue.count),
    userCount: issue.userCount,
    firstSeen: issue.firstSeen,
    lastSeen: issue.lastSeen
  }),
  ...(collapse.includes("stats") ? {} : { stats: { "24h": [] } })
})
