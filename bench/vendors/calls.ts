/** What was asked of the stand-ins since the last reset. */
export interface Counts {
  readonly calls: number
  /** The most calls that were under way for one and the same read. */
  readonly mostAtOnce: number
  /** Chat messages that arrived, and how long it took from the first to the last. */
  readonly messages: number
  readonly messagesMs: number
}

export class Calls {
  #calls = 0
  #mostAtOnce = 0
  #messages = 0
  #firstMessageMs = 0
  #lastMessageMs = 0
  readonly #underWay = new Map<string, number>()

  /** A call has come in. To be called back when its answer has been written. */
  begin(key: string, isMessage: boolean): () => void {
    this.#calls += 1
    if (isMessage) {
      this.#messages += 1
      this.#lastMessageMs = performance.now()
      if (this.#messages === 1) this.#firstMessageMs = this.#lastMessageMs
    }
    const now = (this.#underWay.get(key) ?? 0) + 1
    this.#underWay.set(key, now)
    if (now > this.#mostAtOnce) this.#mostAtOnce = now
    return () => {
      const left = (this.#underWay.get(key) ?? 1) - 1
      if (left === 0) this.#underWay.delete(key)
      else this.#underWay.set(key, left)
    }
  }

  reset(): void {
    this.#calls = this.#mostAtOnce = this.#messages = 0
    this.#firstMessageMs = this.#lastMessageMs = 0
  }

  counts(): Counts {
    return {
      calls: this.#calls,
      mostAtOnce: this.#mostAtOnce,
      messages: this.#messages,
      messagesMs: this.#lastMessageMs - this.#firstMessageMs
    }
  }
}
