/**
 * Loaded into a speaker with `node --import` by scenarios.ts: writes the longest stall of the event loop, in ms, to the file that GODWIT_STALL_FILE names.
 * Counted from the first connection (reading the configuration is no stall of a session) to the order to end.
 */
import { subscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const path = process.env['GODWIT_STALL_FILE']
const RESOLUTION_MS = 2
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
let isCounting = false

subscribe('net.server.socket', () => {
  if (isCounting) return
  isCounting = true
  delay.enable()
})
process.prependOnceListener('SIGTERM', () => {
  // The monitor counts its own interval in.
  if (path !== undefined && isCounting) writeFileSync(path, String(Math.max(0, delay.max / 1e6 - RESOLUTION_MS)))
})
