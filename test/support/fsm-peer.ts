/**
 * Builders for tests of the state machine: terms, OPENs, messages, and a bench that drives one `PeerFsm` by hand on a
 * clock of its own and reads its outputs in words.
 */

import type { ConnectionId, Direction, Millis, PeerFsmOptions, PeerInput, PeerOutput } from '../../fsm/index.ts'
import { millis, PeerFsm } from '../../fsm/index.ts'
import type { Capability, Family, Message, Notification, Open } from '../../wire/index.ts'
import { decodeMessage, FAMILIES, IPV4_UNICAST, MODERN_CONTEXT, notification } from '../../wire/index.ts'

/** Dotted quad to number, as the tests want to read it. */
export const id = (text: string): number => text.split('.').reduce((value, octet) => value * 256 + Number(octet), 0)

/** Ours: AS 64512, 10.0.0.1, facing AS 65001. Connect-retry 5 s, idle hold 5 s to 30 s, hold time 90 s. */
export function terms(changes: Partial<PeerFsmOptions> = {}): PeerFsmOptions {
  return {
    localAsn: 64512,
    peerAsn: 65001,
    routerId: id('10.0.0.1'),
    holdTimeS: 90,
    families: FAMILIES,
    passive: false,
    connectRetryMs: 5000,
    idleHoldMs: { first: 5000, cap: 30_000 },
    mayAccept: true,
    random: () => 0.5,
    ...changes,
  }
}

export const multiprotocol = (family: Family): Capability => ({
  kind: 'multiprotocol',
  family,
  afi: family.afi,
  safi: family.safi,
})

/** The OPEN of the peer `terms` faces: AS 65001, 10.0.0.2, both families. */
export function peerOpen(changes: Partial<Open> = {}): Open {
  const asn = changes.asn ?? 65001
  return {
    version: 4,
    asn,
    holdTimeS: 90,
    routerId: id('10.0.0.2'),
    capabilities: [...FAMILIES.map(multiprotocol), { kind: 'route-refresh' }, { kind: 'four-octet-as', asn }],
    ...changes,
  }
}

export const openMessage = (changes: Partial<Open> = {}): Message => ({ type: 'open', open: peerOpen(changes) })
export const keepalive: Message = { type: 'keepalive' }
export const update: Message = {
  type: 'update',
  update: { withdrawn: [], attributes: [], nlri: [], problems: [], action: 'accept' },
}
export const refresh = (afi = IPV4_UNICAST.afi, safi = IPV4_UNICAST.safi, subtype = 0): Message => ({
  type: 'route-refresh',
  refresh: { afi, safi, subtype },
})
export const notify = (code: number, subcode: number, data: readonly number[] = []): Message => ({
  type: 'notification',
  notification: notification(code, subcode, 'as the test wants', Uint8Array.from(data)),
})

/** The message in a `send` output. */
export function decode(bytes: Uint8Array): Message {
  const result = decodeMessage(bytes[18] ?? 0, bytes, 0, bytes.length, MODERN_CONTEXT)
  if (!result.ok) throw new Error(`we sent something malformed: ${result.error.reason}`)
  return result.value
}

/** An output in a few words: "dial", "send 1 open", "send 1 notification 6/7", "close 1", "Idle -> Connect". */
function describeOutput(output: PeerOutput): string {
  switch (output.type) {
    case 'send': {
      const message = decode(output.bytes)
      const detail = message.type === 'notification' ? ` ${describeError(message.notification)}` : ''
      return `send ${output.connection} ${message.type}${detail}`
    }
    case 'close':
    case 'established':
      return `${output.type} ${output.connection}`
    case 'down':
      return `down ${output.connection} ${output.reason.kind}`
    case 'refresh':
    case 'refresh-begins':
      return `${output.type} ${output.family.name}`
    case 'refresh-ends':
      return `${output.type} ${output.family.name}${output.isTimeout ? ' too late' : ''}`
    case 'state':
      return `${output.from} -> ${output.to}`
    default:
      return output.type
  }
}

const describeError = ({ code, subcode, data }: Notification): string =>
  data.length === 0 ? `${code}/${subcode}` : `${code}/${subcode} [${[...data].join(' ')}]`

/** One machine, one clock. Every call returns the outputs in words. */
export class Bench {
  readonly peer: PeerFsm
  now: Millis = millis(1000)
  /** The outputs of the last call, as they were. */
  outputs: readonly PeerOutput[] = []

  constructor(changes: Partial<PeerFsmOptions> = {}) {
    this.peer = new PeerFsm(terms(changes))
  }

  handle(input: PeerInput): string[] {
    this.outputs = this.peer.handle(input, this.now)
    return this.outputs.map(describeOutput)
  }

  start = (): string[] => this.handle({ type: 'start' })
  stop = (subcode = 2, communication?: string): string[] =>
    this.handle(communication === undefined ? { type: 'stop', subcode } : { type: 'stop', subcode, communication })
  connected = (connection: ConnectionId, direction: Direction = 'outgoing'): string[] =>
    this.handle({ type: 'connected', connection, direction })
  dialFailed = (reason = 'refused'): string[] => this.handle({ type: 'dial-failed', reason })
  closed = (connection: ConnectionId, reason = 'reset by peer'): string[] =>
    this.handle({ type: 'closed', connection, reason })
  message = (connection: ConnectionId, message: Message): string[] =>
    this.handle({ type: 'message', connection, message })
  failure = (connection: ConnectionId, error: Notification): string[] =>
    this.handle({ type: 'failure', connection, error })
  requestRefresh = (family: Family = IPV4_UNICAST): string[] => this.handle({ type: 'request-refresh', family })
  deadline = (): string[] => this.handle({ type: 'deadline' })

  /** Lets `ms` pass without telling the machine. */
  wait(ms: number): this {
    this.now = millis(this.now + ms)
    return this
  }

  /** Lets `ms` pass, telling the machine of every deadline on the way; all outputs in words. */
  elapse(ms: number): string[] {
    const end = this.now + ms
    const words: string[] = []
    for (let next = this.peer.nextDeadline(); next !== undefined && next <= end; next = this.peer.nextDeadline()) {
      this.now = millis(Math.max(this.now, next))
      words.push(...this.deadline())
    }
    this.now = millis(end)
    return words
  }

  /** Milliseconds until the next deadline. */
  get untilDeadline(): number | undefined {
    const next = this.peer.nextDeadline()
    return next === undefined ? undefined : next - this.now
  }

  /** Milliseconds until the timer of this name, the first of several. */
  until(name: string): number | undefined {
    const timer = this.peer.timers.find(running => running.name === name)
    return timer === undefined ? undefined : timer.at - this.now
  }

  toOpenSent(connection = 1, direction: Direction = 'outgoing'): this {
    if (!this.peer.isStarted) this.start()
    this.connected(connection, direction)
    return this
  }

  toOpenConfirm(connection = 1, direction: Direction = 'outgoing', open: Partial<Open> = {}): this {
    this.toOpenSent(connection, direction).message(connection, openMessage(open))
    return this
  }

  toEstablished(connection = 1, direction: Direction = 'outgoing', open: Partial<Open> = {}): this {
    this.toOpenConfirm(connection, direction, open).message(connection, keepalive)
    return this
  }
}
