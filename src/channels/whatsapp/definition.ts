import { integration, optionally, Secret, Setting } from "../../domain/Integration.ts"

export const whatsapp = integration({
  id: "whatsapp",
  displayName: "WhatsApp",
  alwaysListed: false,
  fields: {
    accessToken: Secret("System user token of the Meta business account"),
    phoneNumberId: Setting("The id (not the number) of the sending phone number"),
    templateName: optionally(Setting("The approved template that carries alerts")),
    templateLanguage: optionally(Setting("The template's language, such as en_US"))
  }
})
