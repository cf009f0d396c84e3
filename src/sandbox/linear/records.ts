export interface LinearUser {
  readonly id: string
  readonly name: string
  readonly email: string
}

/** `issueCount` counts done issues too, so it is seeded apart from the few issues that are there to be listed. */
export interface LinearTeam {
  readonly id: string
  readonly key: string
  readonly name: string
  readonly issueCount: number
  readonly nextNumber: number
  readonly defaultStateId: string
}

export interface LinearState {
  readonly id: string
  readonly name: string
  readonly type: "triage" | "backlog" | "unstarted" | "started" | "completed" | "canceled" | "duplicate"
  readonly teamId: string
}

/** A label of a team, or of the workspace where `teamId` is null. */
export interface LinearLabel {
  readonly id: string
  readonly name: string
  readonly teamId: string | null
  readonly isGroup?: boolean
  readonly parentId?: string
  readonly archivedAt?: string
  readonly retiredAt?: string
}

export interface LinearIssue {
  readonly id: string
  readonly number: number
  readonly teamId: string
  readonly title: string
  readonly description: string | null
  readonly priority: number
  readonly stateId: string
  readonly assigneeId: string | null
  readonly labelIds: ReadonlyArray<string>
  readonly createdAt: string
  readonly updatedAt: string
  readonly archivedAt?: string
}

/** One Linear workspace. Ids that are no UUIDs are accepted where they are seeded. */
export interface LinearSeed {
  /** Sent as they are. */
  readonly apiKeys: ReadonlyArray<string>
  /** Sent as `Bearer`. */
  readonly oauthTokens: ReadonlyArray<string>
  readonly organization: { readonly id: string; readonly urlKey: string; readonly name: string }
  /** Whose keys these are; the first user. */
  readonly users: readonly [LinearUser, ...ReadonlyArray<LinearUser>]
  readonly teams: ReadonlyArray<LinearTeam>
  readonly states: ReadonlyArray<LinearState>
  readonly labels: ReadonlyArray<LinearLabel>
  readonly issues: ReadonlyArray<LinearIssue>
}
