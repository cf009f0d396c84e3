/** One Slack workspace, with one bot. */
export interface SlackSeed {
  /** Bot tokens; a `revoked` one answers `token_revoked`. */
  readonly tokens: Readonly<Record<string, "active" | "revoked">>
  readonly team: { readonly id: string; readonly name: string; readonly url: string }
  readonly bot: { readonly userId: string; readonly botId: string; readonly name: string }
  readonly channels: ReadonlyArray<{
    readonly id: string
    readonly name: string
    readonly isMember: boolean
    readonly isArchived?: boolean
  }>
}

/** What one Discord bot can reach. `access` of a channel: may post, may only see it, may not even see it. */
export interface DiscordSeed {
  readonly tokens: ReadonlyArray<string>
  readonly bot: { readonly id: string; readonly username: string }
  readonly channels: ReadonlyArray<{
    readonly id: string
    readonly name: string
    readonly guildId: string
    readonly access: "post" | "see" | "none"
  }>
}

/** What one Telegram bot can reach. A chat with `migratedTo` has become a supergroup; a `blocked` one refuses the bot. */
export interface TelegramSeed {
  readonly tokens: ReadonlyArray<string>
  readonly bot: { readonly id: number; readonly firstName: string; readonly username: string }
  readonly chats: ReadonlyArray<{
    readonly id: number
    readonly type: "private" | "group" | "supergroup" | "channel"
    readonly title: string
    readonly username?: string
    readonly migratedTo?: number
    readonly blocked?: boolean
  }>
}

/** One WhatsApp business number. */
export interface WhatsAppSeed {
  readonly tokens: ReadonlyArray<string>
  readonly phoneNumber: { readonly id: string; readonly display: string; readonly verifiedName: string }
  /** Approved templates; `parameters` is how many the body takes. */
  readonly templates: ReadonlyArray<{ readonly name: string; readonly language: string; readonly parameters: number }>
  /** Who wrote within the last 24 hours, so that free text reaches them. */
  readonly openWindows: ReadonlyArray<string>
  /** Recipients that a test number may not send to (131030). */
  readonly notAllowed: ReadonlyArray<string>
}
