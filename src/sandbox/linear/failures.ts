import { GraphQLError } from "graphql"

/** Linear's `extensions` of an error; `code` is upper snake, `type` the same in lower-case words. */
export const extensions = (type: string, code: string, userPresentableMessage: string, statusCode = 400) => ({
  type,
  code,
  statusCode,
  userError: true,
  userPresentableMessage,
  meta: {},
  http: { status: statusCode === 429 ? 400 : statusCode }
})

/** What resolvers throw when the input is at fault: HTTP 200 with `data: null`. */
export const inputError = (message: string, userPresentableMessage = message) =>
  new GraphQLError(message, { extensions: extensions("invalid input", "INPUT_ERROR", userPresentableMessage) })

/** Recorded live: an id that is nowhere gives this, whatever the entity. */
export const notFound = (entity: string) =>
  inputError(`Entity not found: ${entity}`, `Could not find referenced ${entity}.`)
