import { Array, Effect } from "effect"
import { oneLine } from "../../upstream/Dialect.ts"
import { VendorFailure } from "../../upstream/VendorFailure.ts"
import type { LinearConfig } from "./definition.ts"
import { dialect } from "./dialect.ts"
import { allPages, type Send, unreadable } from "./graphql.ts"
import * as Operations from "./operations.ts"
import type { Label } from "./wire.ts"

const folded = (name: string): string => name.trim().toLowerCase()

/** Groups, retired and archived labels cannot be put on an issue. */
const usable = (label: Label): boolean =>
  label.isGroup !== true && label.archivedAt === undefined && label.retiredAt === undefined

const named = (labels: ReadonlyArray<Label>, name: string): Label | undefined =>
  labels.find((label) => usable(label) && folded(label.name) === folded(name))

/** An issue takes one label of a group: which one is for the caller to say, so this is refused before any effect. */
const oneOfEachGroup = (labels: ReadonlyArray<Label>): Effect.Effect<void, VendorFailure> => {
  const siblings = Object.values(Array.groupBy(labels.filter(({ parent }) => parent), ({ parent }) => parent?.id ?? ""))
    .find(({ length }) => length > 1)
  return siblings === undefined ? Effect.void : new VendorFailure({
    vendor: dialect.vendor,
    kind: "rejected",
    details: oneLine(`Labels of one group exclude each other: ${siblings.map(({ name }) => name).join(", ")}`)
  })
}

/** The ids of a team's and its workspace's labels by their names, whatever the case. */
export const makeLabels = (send: Send) => {
  const list = (config: LinearConfig, teamId: string, names: ReadonlyArray<string>, includeArchived: boolean) =>
    allPages("labels", (page) =>
      send(config, Operations.listLabels, {
        ...page,
        includeArchived,
        filter: {
          and: [
            { or: [{ team: { null: true } }, { team: { id: { eq: teamId } } }] },
            { or: names.map((name) => ({ name: { eqIgnoreCase: name } })) }
          ]
        }
      }).pipe(Effect.map(({ issueLabels }) => issueLabels)))

  /** Names are unique, archived and other hidden ones included: a label may be taken and yet not to be had. */
  const whereTaken = (config: LinearConfig, teamId: string, name: string) =>
    Effect.gen(function*() {
      const label = named(yield* list(config, teamId, [name], true), name)
      if (label === undefined) yield* Effect.logWarning(`Linear has a label "${name}" that no issue can take`)
      return label?.id
    })

  /** Repeating it is safe: a second one of the name is refused, and the first is then found. */
  const create = (config: LinearConfig, teamId: string, name: string) =>
    send(config, Operations.createLabel, { input: { name, teamId } }).pipe(
      Effect.flatMap(({ issueLabelCreate: { issueLabel } }) =>
        issueLabel === undefined
          ? unreadable(`Linear did not say that the label "${name}" was created`)
          : Effect.succeed<string | undefined>(issueLabel.id)
      ),
      Effect.catchIf((failure) => failure.kind === "conflict", () => whereTaken(config, teamId, name))
    )

  /**
   * Creates in the team what is missing. A label that exists but cannot be used is left out, because an issue without
   * it is worth more than none.
   */
  return (config: LinearConfig, teamId: string, wanted: ReadonlyArray<string>) =>
    Effect.gen(function*() {
      const names = Array.dedupeWith(wanted.map((name) => name.trim()), (one, other) => folded(one) === folded(other))
      if (names.length === 0) return []
      const labels = yield* list(config, teamId, names, false)
      const found = names.map((name) => ({ name, label: named(labels, name) }))
      yield* oneOfEachGroup(found.flatMap(({ label }) => label ?? []))
      const ids = yield* Effect.forEach(found, ({ label, name }) =>
        label === undefined ? create(config, teamId, name) : Effect.succeed(label.id))
      return [
        ...new Set(ids.flatMap((id) =>
          id ?? []
        ))
      ]
    })
}
