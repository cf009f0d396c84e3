import { ratio, type Results } from "../results.ts"
import type { Target } from "../targets.ts"

export interface Verdict {
  readonly scenario: string
  /** As in a sentence: `1.42 of the baseline, at least 0.9`. */
  readonly text: string
  readonly met: boolean
  /** Whether it is a ratio and not even half of what it should be, or has been: a machine's noise explains no such thing. */
  readonly alarming: boolean
}

const factor = (value: number) => value.toFixed(2)
const whole = (value: number) => Math.round(value).toLocaleString("en")

/** `undefined` where the run has not measured it. */
const verdict = (results: Results, target: Target): Verdict | undefined => {
  const { scenario } = target
  const found = results.scenarios.find(({ id }) => id === scenario)
  const ours = found?.servers.ours
  switch (target._tag) {
    case "Ratio": {
      const value = found === undefined ? undefined : ratio(found, target.to)
      if (value === undefined) return undefined
      const name = target.to === "bare" ? "a bare HttpApi endpoint" : "the baseline"
      const text = `${factor(value)} of ${name}, at least ${target.atLeast}`
      const usual = Math.min(target.atLeast, target.reached ?? target.atLeast)
      return { scenario, text, met: value >= target.atLeast, alarming: value < usual / 2 }
    }
    case "Kept": {
      const other = results.scenarios.find(({ id }) => id === target.of)?.servers.ours
      if (ours === undefined || other === undefined) return undefined
      const value = ours.rate.median / other.rate.median
      const text = `${factor(value)} of ${target.of}, at least ${target.atLeast}`
      return { scenario, text, met: value >= target.atLeast, alarming: value < target.atLeast / 2 }
    }
    case "Rate": {
      if (found === undefined || ours === undefined) return undefined
      const text = `${whole(ours.rate.median)} ${found.unit}, at least ${whole(target.atLeast)}`
      return { scenario, text, met: ours.rate.median >= target.atLeast, alarming: false }
    }
    case "P99": {
      if (ours === undefined) return undefined
      const text = `p99 ${ours.p99Ms.toFixed(1)} ms, below ${target.belowMs}`
      return { scenario, text, met: ours.p99Ms < target.belowMs, alarming: false }
    }
    case "AtOnce": {
      if (ours === undefined) return undefined
      const text = `${ours.mostAtOnce} vendor calls at once for the same read, at most ${target.atMost}`
      return { scenario, text, met: ours.mostAtOnce <= target.atMost, alarming: false }
    }
    case "Below": {
      const figure = results.figures.find(({ id }) => id === scenario)
      if (figure === undefined) return undefined
      const text = `${figure.ours.median.toFixed(1)} ${figure.unit}, below ${target.value}`
      return { scenario, text, met: figure.ours.median < target.value, alarming: false }
    }
  }
}

export const verdicts = (results: Results, targets: ReadonlyArray<Target>): ReadonlyArray<Verdict> =>
  targets.flatMap((target) => verdict(results, target) ?? [])
