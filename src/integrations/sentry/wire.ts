import { Schema } from "effect"
import { Timestamp } from "../../domain/Timestamp.ts"

/*
 * What Sentry's REST v0 sends, as far as we read it. Its published OpenAPI requires more than older and self-hosted
 * releases send, so nothing is required here that we can do without.
 */

const nullable = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { nullable: true })

/** `count` is a number in a string; `userCount` is not. */
const Count = Schema.Union(Schema.Int, Schema.NumberFromString.pipe(Schema.int()))

const Issue = Schema.Struct({
  id: Schema.String,
  shortId: nullable(Schema.String),
  title: nullable(Schema.String),
  culprit: nullable(Schema.String),
  level: nullable(Schema.String),
  count: nullable(Count),
  userCount: nullable(Count),
  firstSeen: nullable(Timestamp),
  lastSeen: nullable(Timestamp),
  permalink: nullable(Schema.String)
})
export type Issue = typeof Issue.Type

export const ListIssues = Schema.Array(Issue)

/** Enough to tell that it was Sentry that answered. */
export const GetOrganization = Schema.Struct({ slug: Schema.String })

/** `X-Hits`: an estimate that may be missing. */
export const Hits = Schema.NumberFromString.pipe(Schema.int(), Schema.nonNegative())

const links = /<[^>]*>((?:\s*;\s*[\w-]+="[^"]*")*)/g
const attributes = /([\w-]+)="([^"]*)"/g

/**
 * The cursor of the next page, `undefined` on the last one. Both rels are always there and only `results` tells; the
 * URL is not for following: behind proxies it names another host, which would get the token (Sentry docs,
 * "Pagination").
 */
export const nextCursor = (link: string | undefined): string | undefined => {
  for (const [, text = ""] of (link ?? "").matchAll(links)) {
    const found = new Map([...text.matchAll(attributes)].map(([, name, value]) => [name, value]))
    if (found.get("rel") === "next" && found.get("results") === "true") return found.get("cursor") || undefined
  }
  return undefined
}
