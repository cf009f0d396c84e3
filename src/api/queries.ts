import { Schema } from "effect"
import { Name } from "../domain/Text.ts"

/** `limit`: how many to answer with, 1 to 100, 25 when left out. */
export const Limit = Schema.optionalWith(
  Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 100)).annotations({
    message: () => ({ message: "expected an integer from 1 to 100", override: true }),
    jsonSchema: { type: "integer", minimum: 1, maximum: 100, default: 25, description: "Max results" }
  }),
  { default: () => 25 }
)

/** The parameters of a query, every bad one of which is named in the answer. */
export const query = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct(fields).annotations({ parseOptions: { errors: "all" } })

/** A vendor's id in a path or a query: what it may hold is the vendor's to say. */
export const VendorId = (description: string, example: string) => Name.annotations({ description, examples: [example] })
