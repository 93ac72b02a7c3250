/**
 * Two `PeerFsm` back to back over an in-memory network with a virtual clock. Delays, lost dials and broken connections
 * are drawn from a seed, so that every run can be had again. Bytes keep their order within a connection, as TCP does;
 * connections know nothing of each other.
 */

import type { ConnectionId, Direction, Millis, PeerInput, PeerOutput } from '../../fsm/index.ts'
import { millis, PeerFsm } from '../../fsm/index.ts'
import { decode, id, terms } from './fsm-peer.ts'

export type Side = 'a' | 'b'

export interface LinkOptions {
  readonly seed: number
  /** One way, milliseconds; drawn anew for every packet. */
  readonly delayMs: { readonly min: number; readonly max: number }
  /** Chance that a dial is lost on the way: nothing comes back. */
  readonly lostDials: number
  /** Chance that a dial is answered with a refusal. */
  readonly refusedDials: number
  /** Chance that a connection breaks within its first second; what was under way is lost. */
  readonly brokenConnections: number
  /** How many faults of all kinds there may be. */
  readonly faults: number
  readonly idleHoldMs: { readonly first: number; readonly cap: number }
  /** Router ids of both sides; 10.0.0.1 and 10.0.0.2 unless given. */
  readonly ids?: Readonly<Record<Side, string>>
}

interface Happening {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

interface Wire {
  readonly id: ConnectionId
  readonly dialler: Side
  /** A side that has closed hears nothing more. */
  readonly isOpen: Record<Side, boolean>
  /** When the last packet for a side arrives. */
  readonly lastArrival: Record<Side, number>
  isBroken: boolean
}

/** Mulberry32: small, seeded, good enough to shake two peers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const other = (side: Side): Side => (side === 'a' ? 'b' : 'a')

/** The network and both peers. */
export class Link {
  readonly peers: Readonly<Record<Side, PeerFsm>>
  now = 0
  /** What happened, for the message of a failing test. */
  readonly log: string[] = []
  readonly #options: LinkOptions
  readonly #random: () => number
  readonly #wires = new Map<ConnectionId, Wire>()
  readonly #dials: Record<Side, number> = { a: 0, b: 0 }
  #happenings: Happening[] = []
  #order = 0
  #nextConnection = 1
  #faultsLeft: number

  constructor(options: LinkOptions) {
    this.#options = options
    this.#faultsLeft = options.faults
    this.#random = seededRandom(options.seed)
    const { idleHoldMs, ids = { a: '10.0.0.1', b: '10.0.0.2' } } = options
    const common = { localAsn: 64512, peerAsn: 64512, idleHoldMs, random: this.#random }
    this.peers = {
      a: new PeerFsm(terms({ ...common, routerId: id(ids.a) })),
      b: new PeerFsm(terms({ ...common, routerId: id(ids.b) })),
    }
  }

  input(side: Side, input: PeerInput): void {
    this.log.push(`${this.now.toFixed(0)} ${side} ${summary(input)} [${this.peers[side].state}]`)
    for (const output of this.peers[side].handle(input, this.#time())) this.#perform(side, output)
  }

  /** Runs everything that happens until `end`, deadlines included. Throws when it does not come to an end. */
  runUntil(end: number): void {
    for (let steps = 0; steps < 20_000; steps++) {
      const happening = this.#happenings[0]
      const [side, deadline] = this.#nextDeadline()
      const next = Math.min(happening?.at ?? Number.POSITIVE_INFINITY, deadline)
      if (next > end) {
        this.now = end
        return
      }
      this.now = Math.max(this.now, next)
      if (happening !== undefined && happening.at <= deadline) {
        this.#happenings.shift()
        happening.run()
      } else {
        this.input(side, { type: 'deadline' })
      }
    }
    throw new Error(`no rest after 20000 steps at ${this.now} ms`)
  }

  /** The connection that is Established on both sides; undefined when there is none. */
  get agreed(): ConnectionId | undefined {
    const { a, b } = this.peers
    const connection = a.established?.connection
    return connection !== undefined && connection === b.established?.connection ? connection : undefined
  }

  /** Connections neither side has closed. */
  get openWires(): readonly ConnectionId[] {
    return [...this.#wires.values()].filter(({ isOpen }) => isOpen.a || isOpen.b).map(wire => wire.id)
  }

  #time(): Millis {
    return millis(this.now)
  }

  #nextDeadline(): [Side, number] {
    const a = this.peers.a.nextDeadline() ?? Number.POSITIVE_INFINITY
    const b = this.peers.b.nextDeadline() ?? Number.POSITIVE_INFINITY
    return a <= b ? ['a', a] : ['b', b]
  }

  #perform(side: Side, output: PeerOutput): void {
    switch (output.type) {
      case 'dial':
        this.#dial(side)
        return
      case 'cancel-dial':
        this.#dials[side]++
        return
      case 'send': {
        const wire = this.#wires.get(output.connection)
        const message = decode(output.bytes)
        if (wire !== undefined) {
          this.#arrive(wire, other(side), { type: 'message', connection: wire.id, message })
        }
        return
      }
      case 'close': {
        const wire = this.#wires.get(output.connection)
        if (wire === undefined) return
        wire.isOpen[side] = false
        this.#arrive(wire, other(side), { type: 'closed', connection: wire.id, reason: 'closed by peer' })
        return
      }
      default:
        return
    }
  }

  #dial(side: Side): void {
    const dial = ++this.#dials[side]
    const isPending = (): boolean => this.#dials[side] === dial
    if (this.#isFault(this.#options.lostDials)) return
    if (this.#isFault(this.#options.refusedDials)) {
      this.#later(this.#delay() + this.#delay(), () => {
        if (isPending()) this.input(side, { type: 'dial-failed', reason: 'refused' })
      })
      return
    }
    this.#later(this.#delay(), () => {
      const wire = this.#newWire(side)
      this.#arrive(wire, side, { type: 'connected', connection: wire.id, direction: 'outgoing' }, isPending)
      this.#deliver(wire, other(side), { type: 'connected', connection: wire.id, direction: 'incoming' })
      if (this.#isFault(this.#options.brokenConnections)) this.#later(this.#random() * 1000, () => this.#break(wire))
    })
  }

  #newWire(dialler: Side): Wire {
    const isOpen = { a: true, b: true }
    const wire = {
      id: this.#nextConnection++,
      dialler,
      isOpen,
      lastArrival: { a: this.now, b: this.now },
      isBroken: false,
    }
    this.#wires.set(wire.id, wire)
    return wire
  }

  /** A reset: both sides learn of it, each in its own time, and nothing that was under way arrives. */
  #break(wire: Wire): void {
    wire.isBroken = true
    for (const side of ['a', 'b'] as const) {
      this.#later(this.#delay(), () => {
        if (!wire.isOpen[side]) return
        wire.isOpen[side] = false
        this.input(side, { type: 'closed', connection: wire.id, reason: 'reset' })
      })
    }
  }

  /** After everything that went the same way on the same connection before. */
  #arrive(wire: Wire, side: Side, input: PeerInput, isWanted: () => boolean = () => true): void {
    const at = Math.max(wire.lastArrival[side], this.now + this.#delay())
    wire.lastArrival[side] = at
    this.#later(at - this.now, () => {
      if (wire.isBroken) return
      if (isWanted()) {
        this.#deliver(wire, side, input)
        return
      }
      wire.isOpen[side] = false
      this.#arrive(wire, other(side), { type: 'closed', connection: wire.id, reason: 'dial was given up' })
    })
  }

  #deliver(wire: Wire, side: Side, input: PeerInput): void {
    if (!wire.isOpen[side]) return
    if (input.type === 'closed') wire.isOpen[side] = false
    this.input(side, input)
  }

  #isFault(chance: number): boolean {
    const isFault = this.#random() < chance && this.#faultsLeft > 0
    if (isFault) {
      this.#faultsLeft--
      this.log.push(`${this.now.toFixed(0)} fault`)
    }
    return isFault
  }

  #delay(): number {
    const { min, max } = this.#options.delayMs
    return min + (max - min) * this.#random()
  }

  #later(delayMs: number, run: () => void): void {
    const happening = { at: this.now + delayMs, order: this.#order++, run }
    const place = this.#happenings.findIndex(({ at }) => at > happening.at)
    this.#happenings.splice(place === -1 ? this.#happenings.length : place, 0, happening)
  }
}

function summary(input: PeerInput): string {
  if (input.type === 'connected') return `${describeDirection(input.direction)} ${input.connection}`
  if (input.type !== 'message') return input.type
  const { message, connection } = input
  const detail = message.type === 'notification' ? ` ${message.notification.code}/${message.notification.subcode}` : ''
  return `${message.type}${detail} on ${connection}`
}

const describeDirection = (direction: Direction): string => `${direction} connection`
