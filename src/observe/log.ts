/**
 * The log: pino, one JSON object a line on stdout, ISO time, level as text, passwords redacted, synchronous so that the last line before a crash is there.
 * `logChannels` turns the diagnostics channels into lines, each with a stable `event`; what peers and strangers can repeat at will is limited to once a
 * minute with a count. Text from peers is escaped. Called by src/daemon.
 */
import {
  type DestinationStream,
  destination,
  type Level,
  type LevelWithSilent,
  type Logger,
  pino,
  stdTimeFunctions,
} from 'pino'
import {
  type ListenerEvent,
  listenerState,
  type RouteLimitEvent,
  routeLimit,
  type SessionDialFailedEvent,
  type SessionFaultEvent,
  type SessionNotificationEvent,
  type SessionRefusedEvent,
  type SessionStateEvent,
  sessionDialFailed,
  sessionFault,
  sessionNotification,
  sessionRefused,
  sessionState,
} from './channels.ts'
import { printable } from './printable.ts'
import { RateLimit } from './rate-limit.ts'

export type { Logger } from 'pino'

const REPEAT_MS = 60_000
/** NOTIFICATION Cease, RFC 4486: somebody wanted this, it is no error. */
const CEASE = 6

/** Writes to stdout unless another destination is given. */
export function createLogger(
  level: LevelWithSilent,
  stream: DestinationStream = destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: { paths: ['password', '*.password', '*.*.password'], censor: '[redacted]' },
    },
    stream,
  )
}

/** Logs what the channels of channels.ts say until the returned function is called. */
export function logChannels(logger: Logger): () => void {
  const log = new ChannelLog(logger)
  const unsubscribe = [
    sessionState.subscribe(event => log.state(event)),
    sessionNotification.subscribe(event => log.notification(event)),
    sessionRefused.subscribe(event => log.refused(event)),
    sessionDialFailed.subscribe(event => log.dialFailed(event)),
    sessionFault.subscribe(event => log.fault(event)),
    routeLimit.subscribe(event => log.routeLimit(event)),
    listenerState.subscribe(event => log.listener(event)),
  ]
  return () => {
    for (const end of unsubscribe) end()
    log.close()
  }
}

class ChannelLog {
  readonly #logger: Logger
  readonly #peers = new Map<string, Logger>()
  readonly #repeats = new RateLimit(REPEAT_MS)

  constructor(logger: Logger) {
    this.#logger = logger
  }

  state({ peer, remoteAddress, from, to, cause }: SessionStateEvent): void {
    const level: Level = from === 'Established' || to === 'Established' ? 'info' : 'debug'
    const tell = (repeated: number): void => {
      const line = { event: 'session-state', remoteAddress, from, to, cause: printable(cause), ...again(repeated) }
      this.#peer(peer)[level](line, 'session state changed')
    }
    const range = rangeOf(peer)
    // Whoever may be anybody in a range is no reason for a line each.
    if (range === peer) tell(0)
    else this.#repeats.say(`state ${range} ${from} ${to}`, tell)
  }

  notification({ peer, remoteAddress, direction, code, subcode, reason }: SessionNotificationEvent): void {
    const level: Level = code === CEASE ? 'info' : 'warn'
    const what = { event: 'session-notification', remoteAddress, direction, code, subcode, reason: printable(reason) }
    // Whoever has the address of a peer can cause these at will; the words may differ each time, so they are no part of the key.
    this.#repeats.say(`notification ${rangeOf(peer)} ${direction} ${code}/${subcode}`, repeated => {
      this.#peer(peer)[level]({ ...what, ...again(repeated) }, `notification ${direction}`)
    })
  }

  refused({ remoteAddress, reason, count }: SessionRefusedEvent): void {
    this.#repeats.say(`refused ${reason}`, repeated => {
      const line = { event: 'session-refused', remoteAddress, reason: printable(reason), count, ...again(repeated) }
      this.#logger.warn(line, 'connection refused')
    })
  }

  dialFailed({ peer, remoteAddress, reason }: SessionDialFailedEvent): void {
    this.#repeats.say(`dial ${peer} ${reason}`, repeated => {
      const line = { event: 'session-dial-failed', remoteAddress, reason: printable(reason), ...again(repeated) }
      this.#peer(peer).info(line, 'cannot connect')
    })
  }

  fault({ peer, remoteAddress, message, stack, count }: SessionFaultEvent): void {
    const tell = (repeated: number) => {
      const what = { remoteAddress, message: printable(message), ...(stack !== undefined && { stack }), count }
      this.#peer(peer).error({ event: 'session-fault', ...what, ...again(repeated) }, 'handler failed, session ended')
    }
    if (stack !== undefined) tell(0)
    else this.#repeats.say(`fault ${peer} ${message}`, tell)
  }

  routeLimit({ peer, family, kind, limit, count, action }: RouteLimitEvent): void {
    const line = { event: 'route-limit', family, kind, limit, count, action }
    this.#peer(peer).warn(line, `more than ${limit} ${family} routes ${kind}`)
  }

  listener({ address, port, state, reason }: ListenerEvent): void {
    const level: Level = state === 'failed' ? 'error' : 'info'
    const line = { event: 'listener', address, port, state, ...(reason !== undefined && { reason }) }
    this.#logger[level](line, `listener ${state}`)
  }

  close(): void {
    this.#repeats.close()
  }

  #peer(name: string): Logger {
    // Members of ranges come and go without end.
    if (rangeOf(name) !== name) return this.#logger.child({ peer: name })
    let logger = this.#peers.get(name)
    if (logger === undefined) {
      logger = this.#logger.child({ peer: name })
      this.#peers.set(name, logger)
    }
    return logger
  }
}

/** The range a peer came from, which is the part of its name before `@`; a configured peer is its own. */
function rangeOf(peer: string): string {
  return peer.split('@')[0] ?? peer
}

function again(repeated: number): { repeated?: number } {
  return repeated === 0 ? {} : { repeated }
}
