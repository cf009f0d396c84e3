export const apiId = "integrations-api"
