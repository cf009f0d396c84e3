import { Array, Order } from "effect"
import type { ChatMessage } from "../../src/sandbox/StandIn.ts"
import { countEach, type Known, namesIn, type Place } from "../processes/organisation.ts"

/** What was seen of a run. */
export interface Seen {
  readonly places: ReadonlyArray<Place>
  /** When each webhook was answered 200, by name. */
  readonly answered: ReadonlyMap<string, number>
  readonly inboxes: ReadonlyArray<Known>
  readonly messages: ReadonlyArray<ChatMessage>
}

/** What vendors take at most, as they document it: one message in so many milliseconds. */
const paces = { slack: 1000, telegram: 3000, whatsapp: 0 } as const

interface Arrival {
  readonly name: string
  readonly atMs: number
}

/** What arrived at one place, in order. */
const arrivalsAt = (messages: ReadonlyArray<ChatMessage>, { channelId }: Place): ReadonlyArray<Arrival> =>
  messages.filter((message) => message.channelId === channelId)
    .flatMap(({ atMs, text }) => namesIn(text).map((name) => ({ name, atMs })))

interface Hurry {
  readonly place: string
  readonly names: readonly [string, string]
  readonly gapMs: number
  /** Whether one of the two arrived more than once: then somebody who was killed or stopped had sent it. */
  readonly ofDuplicate: boolean
}

/** Two that came faster after each other than the vendor allows. A millisecond is how exact the clock is. */
const hurriesAt = (place: Place, arrivals: ReadonlyArray<Arrival>, times: ReadonlyMap<string, number>) =>
  Array.zip(arrivals, arrivals.slice(1)).flatMap(([one, next]): ReadonlyArray<Hurry> => {
    const gapMs = next.atMs - one.atMs
    if (gapMs >= paces[place.channel] - 1) return []
    const ofDuplicate = [one, next].some(({ name }) => (times.get(name) ?? 0) > 1)
    return [{ place: place.channelId, names: [one.name, next.name], gapMs, ofDuplicate }]
  })

/** How many arrived again after others that come later. */
const reorderedBy = (arrivals: ReadonlyArray<Arrival>) => {
  const places = new Map<string, number>()
  let reordered = 0
  for (const { name } of arrivals) {
    const place = places.get(name)
    if (place === undefined) places.set(name, places.size)
    else if (place < places.size - 1) reordered += 1
  }
  return reordered
}

const quantile = (sorted: ReadonlyArray<number>, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

/** What must hold of a run, as lists of what it does not hold for; and figures. */
export const judge = ({ answered, inboxes, messages, places }: Seen) => {
  const accepted = [...answered.keys()]
  const known = inboxes.flatMap(({ all }) => all)
  const inInbox = countEach(known)
  const inChannels = countEach(messages.flatMap(({ text }) => namesIn(text)))
  const at = places.map((place) => ({ place, arrivals: arrivalsAt(messages, place) }))
  const hurries = at.flatMap(({ arrivals, place }) => hurriesAt(place, arrivals, inChannels))
  const firsts = new Map(at.flatMap(({ arrivals }) => arrivals.toReversed().map(({ atMs, name }) => [name, atMs])))
  const lateness = places.filter(({ channel }) => channel === "whatsapp").flatMap(({ project }) =>
    accepted.filter((name) => name.startsWith(`${project}#`)).flatMap((name) => {
      const arrivedAt = firsts.get(name)
      return arrivedAt === undefined ? [] : [Math.max(0, arrivedAt - (answered.get(name) ?? arrivedAt))]
    })
  ).toSorted(Order.number)
  return {
    broken: {
      notOnceInInbox: accepted.filter((name) => inInbox.get(name) !== 1),
      twiceInInbox: [...inInbox].filter(([, times]) => times !== 1).map(([name]) => name),
      notDelivered: [...new Set([...accepted, ...known])].filter((name) => !inChannels.has(name)),
      elsewhere: at.flatMap(({ arrivals, place }) =>
        arrivals.map(({ name }) => name).filter((name) => !name.startsWith(`${place.project}#`))
      ),
      outOfOrder: at.filter(({ arrivals, place }) => {
        const told = Array.dedupe(arrivals.map(({ name }) => name))
        const all = inboxes.find(({ projectId }) => projectId === place.project)?.all ?? []
        return told.length !== all.length || told.some((name, index) => name !== all[index])
      }).map(({ place }) => place.channelId),
      tooFast: hurries.filter(({ ofDuplicate }) => !ofDuplicate)
    },
    repeated: [...inChannels].filter(([, times]) => times > 1),
    figures: {
      answered: accepted.length,
      incidents: inInbox.size,
      messages: messages.length,
      duplicates: [...inChannels.values()].reduce((sum, times) => sum + times - 1, 0),
      reorderedByDuplicates: at.reduce((sum, { arrivals }) => sum + reorderedBy(arrivals), 0),
      tooFastByDuplicates: hurries.filter(({ ofDuplicate }) => ofDuplicate).length,
      latenessMs: { p50: quantile(lateness, 0.5), p99: quantile(lateness, 0.99), longest: lateness.at(-1) ?? 0 }
    }
  }
}

/** The longest time within a span that a place which is told all the time heard nothing. */
export const longestSilence = (
  messages: ReadonlyArray<ChatMessage>,
  places: ReadonlyArray<Place>,
  [fromMs, toMs]: readonly [number, number]
): number =>
  Math.max(...places.map((place) => {
    const times = arrivalsAt(messages, place).map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs && atMs < toMs)
    return Math.max(...Array.zip([fromMs, ...times], [...times, toMs]).map(([one, next]) => next - one))
  }))
