import { DateTime, Effect, Layer } from "effect"
import type { SentryIssue } from "./domain.ts"
import { Sentry } from "./Sentry.ts"

export interface FakeSentryState {
  /** Issues by project slug. */
  readonly projects: Readonly<Record<string, ReadonlyArray<SentryIssue>>>
}

/** What the customer document shows. */
export const documentedSentry: FakeSentryState = {
  projects: {
    "api-gateway": [{
      id: "4812345",
      title: "TypeError: Cannot read property 'id' of undefined",
      culprit: "src/handlers/checkout.ts in processOrder",
      level: "error",
      count: 142,
      userCount: 38,
      firstSeen: DateTime.unsafeMake("2026-03-20T09:00:00Z"),
      lastSeen: DateTime.unsafeMake("2026-03-21T14:01:00Z"),
      permalink: "https://sentry.io/organizations/acme/issues/4812345/"
    }]
  }
}

/** Sentry in memory: takes any token. It does not speak Sentry's search language, so every query finds every issue. */
export const FakeSentry = (state: FakeSentryState = documentedSentry): Layer.Layer<Sentry> =>
  Layer.succeed(Sentry, {
    issues: (config, { limit, project = config.project }) =>
      Effect.sync(() => {
        const found = Object.entries(state.projects)
          .filter(([slug]) => project === undefined || slug === project)
          .flatMap(([, issues]) => issues)
        return { issues: found.slice(0, limit), total: found.length }
      }),
    verify: () => Effect.void
  })
