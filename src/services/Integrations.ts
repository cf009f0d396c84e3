import {
  Cache,
  Data,
  DateTime,
  Duration,
  Effect,
  Fiber,
  Hash,
  Option,
  type ParseResult,
  Redacted,
  Schema
} from "effect"
import { IntegrationNotConfigured, type ServiceUnavailable, UpstreamFailed } from "../domain/Errors.ts"
import type { OrgId } from "../domain/Ids.ts"
import { type IntegrationRow, IntegrationsRepo } from "../persistence/IntegrationsRepo.ts"
import { QuotasHeard } from "../upstream/quotas.ts"
import type { Shared } from "../upstream/shared.ts"
import { Breakers, type Line } from "./Breakers.ts"
import { Budgets } from "./Budgets.ts"
import { renewed } from "./renewed.ts"
import { SyncLog } from "./SyncLog.ts"
import { unreadable, Vault } from "./Vault.ts"
import { VendorCeilings } from "./VendorCeilings.ts"

/** An integration's id, and its name in sentences. */
interface Named {
  readonly id: string
  readonly displayName: string
}

export interface Standing {
  readonly configured: boolean
  readonly status: "active" | "inactive" | "error"
  readonly lastSync: DateTime.Utc | null
}

/** A config as it was entrusted to us. `revision` changes with every configure. */
export interface Opened<Config> {
  readonly config: Config
  readonly revision: string
  readonly row: IntegrationRow
}

/** Why a call is not made: its vendor is down, or too many calls are under way. */
type Held = UpstreamFailed | ServiceUnavailable

/** One integration, to be used by orgs: opens the org's config and keeps account of how the vendor took it. */
export interface Connection<Config> {
  readonly open: (orgId: OrgId) => Effect.Effect<Opened<Config>, IntegrationNotConfigured>
  /** A call with effects of its own: once begun it goes on, also when the caller hangs up. */
  readonly write: <A, E>(
    orgId: OrgId,
    use: (config: Config) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | Held | IntegrationNotConfigured>
  /** A write whose caller sees to its turn and to when it is tried again: it goes past breaker and ceiling. */
  readonly send: <A, E>(
    orgId: OrgId,
    use: (config: Config) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | IntegrationNotConfigured>
  /** A read: identical ones of the same org and config that run at the same time share one run. */
  readonly read: <A, E>(
    orgId: OrgId,
    shared: Shared<A, E | Held>,
    parameters: unknown,
    use: (config: Config) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | Held | IntegrationNotConfigured>
}

/** Reads a config that has been decrypted: into something whose secrets are `Redacted`. */
export type Decode<A> = (config: unknown) => Effect.Effect<A, ParseResult.ParseError>

const parse = Schema.decode(Schema.parseJson())

/** Random: no two seals are the same, of one config neither. */
const revisionOf = ({ sealed }: IntegrationRow): string => sealed.slice(0, 16)

/** Rows are read again after this long, which bounds how late another process's change is seen. */
const staleness = Duration.seconds(2)
/** How long what nobody asks for any more is kept, decrypted too. */
const forgotten = Duration.minutes(1)
const cachedRows = 10_000

const inactive: Standing = { configured: false, status: "inactive", lastSync: null }

/** The credentials and settings that orgs have entrusted to us, and how their vendors took them. */
export class Integrations extends Effect.Service<Integrations>()("services/Integrations", {
  scoped: Effect.gen(function*() {
    const repo = yield* IntegrationsRepo
    const vault = yield* Vault
    const syncs = yield* SyncLog
    const breakers = yield* Breakers
    const budgets = yield* Budgets
    const ceilings = yield* VendorCeilings
    const scope = yield* Effect.scope

    /**
     * Counts changes, a few organisations to a counter so that memory stays bounded. A look-up under way when its row
     * changes may end with the old row: by then it is filed under a count that nobody asks for any more.
     */
    const changes = new Uint32Array(4096)
    const counter = (orgId: OrgId, integration: string) =>
      (Hash.string(`${integration} ${orgId}`) >>> 0) % changes.length
    const place = (orgId: OrgId, integration: string) =>
      Data.struct({ orgId, integration, change: changes[counter(orgId, integration)] })
    const rows = yield* renewed(
      Cache.make({
        capacity: cachedRows,
        timeToLive: staleness,
        lookup: ({ integration, orgId }: ReturnType<typeof place>) => repo.find(orgId, integration)
      }),
      forgotten
    )

    /** The row as it was at most two seconds ago, and as this process has changed it since. */
    const stored = (orgId: OrgId, integration: string) => rows.get(place(orgId, integration))

    const changed = (orgId: OrgId, integration: string) =>
      Effect.suspend(() => {
        const old = place(orgId, integration)
        const at = counter(orgId, integration)
        changes[at] = (changes[at] ?? 0) + 1
        return rows.invalidate(old)
      })

    const lastSync = (row: IntegrationRow) =>
      Effect.map(syncs.latest(row.orgId, row.integration), Option.getOrElse(() => row.lastSync))

    const standing = (row: IntegrationRow): Effect.Effect<Standing> =>
      Effect.map(lastSync(row), (lastSync) => ({
        configured: true,
        status: row.refusedAt === null ? "active" : "error",
        lastSync
      }))

    /** How each of the org's integrations stands, by integration id. */
    const standings = Effect.fnUntraced(function*(orgId: OrgId) {
      const found = yield* repo.list(orgId)
      const entries = yield* Effect.forEach(
        found,
        (row) => Effect.map(standing(row), (is) => [row.integration, is] as const)
      )
      const byId = new Map(entries)
      return (integration: string): Standing => byId.get(integration) ?? inactive
    })

    /** Replaces the whole config; the caller has decoded it, so what comes here is its encoded form. */
    const configure = Effect.fnUntraced(function*(orgId: OrgId, integration: string, config: object) {
      const configuredAt = yield* DateTime.now
      const sealed = yield* vault.seal({ orgId, integration }, Redacted.make(JSON.stringify(config)))
      yield* repo.put({ orgId, integration, configuredAt, ...sealed })
      yield* changed(orgId, integration)
      return configuredAt
    }, Effect.uninterruptible)

    /** Only an operator can mend one that cannot be used: the log names key and org, the caller gets INTERNAL_ERROR. */
    const decrypted = <A>(row: IntegrationRow, decode: Decode<A>): Effect.Effect<A> =>
      vault.open(row, row).pipe(
        Effect.flatMap((text) =>
          parse(Redacted.value(text)).pipe(
            Effect.flatMap(decode),
            Effect.mapError(() => unreadable(row, row.keyId))
          )
        ),
        Effect.orDie
      )

    /** What is stored, for display. */
    const show = Effect.fnUntraced(function*<A>(orgId: OrgId, integration: string, decode: Decode<A>) {
      const row = yield* repo.find(orgId, integration)
      if (Option.isNone(row)) return Option.none()
      return Option.some({
        ...(yield* standing(row.value)),
        configuredAt: row.value.configuredAt,
        budget: budgets.latest(orgId, integration, revisionOf(row.value)),
        config: yield* decrypted(row.value, decode)
      })
    })

    /** Whether there was something to forget. */
    const forget = Effect.fnUntraced(function*(orgId: OrgId, integration: string) {
      const existed = yield* repo.remove(orgId, integration)
      yield* syncs.forget(orgId, integration)
      yield* changed(orgId, integration)
      return existed
    }, Effect.uninterruptible)

    const setRefused = (row: IntegrationRow, since: Option.Option<DateTime.Utc>) =>
      Effect.zipRight(repo.setRefused(row, since), changed(row.orgId, row.integration))

    /** Writes only when the standing changes: a call costs no write of its own. */
    const watched = (row: IntegrationRow) => <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      effect.pipe(
        Effect.tap(() => syncs.record(row.orgId, row.integration)),
        Effect.tap(() => row.refusedAt === null ? Effect.void : setRefused(row, Option.none())),
        Effect.tapError((error) =>
          error instanceof UpstreamFailed && error.reason === "credentials" && row.refusedAt === null
            ? Effect.flatMap(DateTime.now, (now) => setRefused(row, Option.some(now)))
            : Effect.void
        )
      )

    /** A call with credentials that are not stored yet. No breaker knows them. */
    const trial = <A, E>(orgId: OrgId, { displayName: vendor, id: integration }: Named, call: Effect.Effect<A, E>) =>
      ceilings.within({ orgId, integration, vendor })(call)

    const connect = <Config, I>(
      definition: Named & { readonly Config: Schema.Schema<Config, I> }
    ): Connection<Config> => {
      /** Decrypted and decoded once for each row that was read; gone with the row, so a minute after it got stale. */
      const opened = new WeakMap<IntegrationRow, Opened<Config>>()
      const decode = Schema.decodeUnknown(definition.Config)

      const open = Effect.fnUntraced(function*(orgId: OrgId) {
        const row = yield* stored(orgId, definition.id)
        if (Option.isNone(row)) return yield* new IntegrationNotConfigured({ integration: definition.displayName })
        const known = opened.get(row.value)
        if (known !== undefined) return known
        const config = yield* decrypted(row.value, decode)
        const fresh = { config, revision: revisionOf(row.value), row: row.value }
        opened.set(row.value, fresh)
        return fresh
      })

      const lineOf = ({ revision, row }: Opened<Config>): Line => ({
        orgId: row.orgId,
        integration: definition.id,
        vendor: definition.displayName,
        revision
      })

      const called = <A, E>(opened: Opened<Config>, use: (config: Config) => Effect.Effect<A, E>) =>
        watched(opened.row)(
          Effect.provideService(use(opened.config), QuotasHeard, budgets.hear(lineOf(opened)))
        )

      /** Looked at before it waits, and again when its turn has come: the vendor may be down by then. */
      const held = (opened: Opened<Config>) =>
      <A, E>(
        use: (config: Config) => Effect.Effect<A, E>
      ): Effect.Effect<A, E | Held> => {
        const line = lineOf(opened)
        return Effect.zipRight(
          breakers.check(line),
          ceilings.within(line)(breakers.guard(line)(called(opened, use)))
        )
      }

      const undisturbed = <A, E>(call: Effect.Effect<A, E>) => Effect.flatMap(Effect.forkIn(call, scope), Fiber.join)

      return {
        open,
        write: (orgId, use) => Effect.flatMap(open(orgId), (opened) => undisturbed(held(opened)(use))),
        send: (orgId, use) => Effect.flatMap(open(orgId), (opened) => undisturbed(called(opened, use))),
        read: (orgId, shared, parameters, use) =>
          Effect.flatMap(
            open(orgId),
            (opened) => shared(JSON.stringify([orgId, opened.revision, parameters]), held(opened)(use))
          )
      }
    }

    return { stored, standings, configure, show, forget, trial, connect } as const
  }),
  dependencies: [Breakers.Default, Budgets.Default, VendorCeilings.Default]
}) {}
