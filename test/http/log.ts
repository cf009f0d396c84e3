import { Cause, Layer, Logger } from "effect"

/** What was logged, each line with all that belongs to it. */
export const heard: Array<string> = []

/** Put around a service, it keeps the service's log lines. */
export const Listening = Layer.suspend(() => {
  heard.length = 0
  return Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, cause, logLevel, message }) => {
      const about = JSON.stringify(Object.fromEntries(annotations))
      heard.push(`${logLevel.label} ${[message].flat().map(String).join(" ")} ${about} ${Cause.pretty(cause)}`)
    })
  )
})
