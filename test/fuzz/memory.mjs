/*
 * Loaded into the service before it starts, with --expose-gc: tells how much memory is in use whenever the parent asks, after
 * everything that nobody holds was collected. Twice, because the first collection may only finish what another began.
 */
process.on("message", () => {
  globalThis.gc()
  globalThis.gc()
  process.send(process.memoryUsage())
})
process.channel.unref()
