/*
 * Every command of the customer's document and its documented answer, as they stand there: the host is left out, and
 * the placeholder of the webhook's signature is for the test to replace.
 */

export interface Example {
  readonly title: string
  readonly method: "GET" | "POST" | "DELETE"
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** The bytes of `-d`, as pasted. */
  readonly body?: string
  readonly status: number
  /** As pasted. */
  readonly response: string
  /** What the clock shows in the example. */
  readonly clock?: string
}

export const org = { "x-org-id": "org-acme-corp" }
export const json = { "Content-Type": "application/json" }
