import { integration, optionally, Secret, Setting, webhookSecrets } from "../../domain/Integration.ts"
import { LinearGroup } from "./Api.ts"

export const linear = {
  ...integration({
    id: "linear",
    displayName: "Linear",
    alwaysListed: true,
    fields: {
      apiKey: Secret("A personal API key (`lin_api_…`) or an OAuth access token"),
      teamId: optionally(Setting("The id or the key of the team whose issues are listed when none is asked for")),
      ...webhookSecrets
    }
  }),
  group: LinearGroup
}
export type LinearConfig = typeof linear.Config.Type
