import { OpenApi } from "@effect/platform"
import type { Context } from "effect"

/** What the OpenAPI document says of one endpoint beyond its schemas. Examples are the customer document's own. */
export interface Documentation {
  readonly summary: string
  readonly description: string
  readonly request?: unknown
  readonly response: unknown
}

const withExample = (content: Record<string, object> | undefined, example: unknown) =>
  content && Object.fromEntries(Object.entries(content).map(([type, media]) => [type, { ...media, example }]))

/** Annotates an endpoint: `.annotateContext(documented({ summary, description, request, response }))`. */
export const documented = ({ description, request, response, summary }: Documentation): Context.Context<never> =>
  OpenApi.annotations({
    summary,
    description,
    transform: (operation) => ({
      ...operation,
      ...(operation["requestBody"] !== undefined && {
        requestBody: { ...operation["requestBody"], content: withExample(operation["requestBody"].content, request) }
      }),
      responses: Object.fromEntries(
        Object.entries<{ content?: Record<string, object> }>(operation["responses"]).map(([status, answer]) => [
          status,
          status.startsWith("2") ? { ...answer, content: withExample(answer.content, response) } : answer
        ])
      )
    })
  })
