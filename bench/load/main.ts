import autocannon from "autocannon"
import type { Ran, Run } from "./plan.ts"
import { requests } from "./requests.ts"

/** Often enough to end on time. */
const tickMs = 25

/** Fewer answers say nothing: a run goes on for them, up to so many times as long. */
const leastAnswers = 100
const longest = 5

const quantile = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

/**
 * Latencies are kept as they are: autocannon's own histogram counts in whole milliseconds. What is answered until each
 * connection has had its first answer is not counted: Node takes in one connection for each turn of its event loop, in which
 * it answers all that have come before, so that the last of fifty waits for a thousand answers.
 */
const load = ({ connections, plan, seconds, url }: Run, done: (ran: Ran) => void) => {
  const latencies: Array<number> = []
  const refused = new Map<number, number>()
  let unanswered = 0
  let first = 0
  let last = 0
  let started = 0
  const connected = new Set<unknown>()
  let all = 0
  const instance = autocannon({
    url,
    connections,
    duration: seconds * longest,
    sampleInt: tickMs,
    timeout: 20,
    setupClient: (client) => client.setRequests(requests(plan, started++, connections))
  }, (error) => {
    clearInterval(ends)
    const sorted = Float64Array.from(latencies).toSorted()
    done({
      answered: sorted.length,
      all,
      failed: [...refused].map(([status, times]) => `${times} × ${status}`)
        .concat(unanswered === 0 && error === null ? [] : [`${unanswered} without an answer`]),
      seconds: sorted.length === 0 ? seconds * longest : (last - first) / 1000,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99)
    })
  })
  const ends = setInterval(() => {
    if (first > 0 && performance.now() - first >= seconds * 1000 && latencies.length >= leastAnswers) instance.stop()
  }, tickMs)
  instance.on("response", (client, statusCode, _bytes, responseTimeMs) => {
    last = performance.now()
    all++
    if (statusCode >= 200 && statusCode < 300) {
      if (first > 0) latencies.push(responseTimeMs)
      else if (connected.add(client).size === connections) first = last
    } else refused.set(statusCode, (refused.get(statusCode) ?? 0) + 1)
  })
  instance.on("reqError", () => void (unanswered += 1))
}

process.on("message", (run: Run) => load(run, (ran) => process.send?.(ran)))
process.on("disconnect", () => process.exit())
