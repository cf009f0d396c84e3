import { Schema } from "effect"

/**
 * Text that names something, here or in another system: 1 to 256 characters, without control characters and without
 * halves of characters, which no URL can carry.
 */
export const Name = Schema.String.pipe(
  Schema.pattern(/^[^\p{Cc}\p{Cs}]{1,256}$/u, {
    message: () => "expected 1 to 256 characters without control characters"
  })
)

/** An annotation: what a field may look like, for the documentation. */
export const example = <A>(value: A): { readonly examples: [A] } => ({ examples: [value] })
