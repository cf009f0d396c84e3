import { Schema } from "effect"

/** A tenant: the company (`org`) that every row, vendor call and answer belongs to. It exists as soon as it is used. */
export const OrgId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
    message: () => "expected 1 to 128 characters of A-Z a-z 0-9 . _ - that start with a letter or a digit"
  }),
  Schema.annotations({ description: "The tenant's id", examples: ["org-acme-corp"] }),
  Schema.brand("OrgId", { identifier: "OrgId" })
)
export type OrgId = typeof OrgId.Type
