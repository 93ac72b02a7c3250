/**
 * What must hold of a `PeerFsm` after every input, whatever it was. `Watch` follows the outputs like a driver would, so
 * that promises about order (nothing after `close`, no `dial` on top of a dial) are checked too.
 */

import { expect } from 'vitest'
import type { ConnectionId, Millis, PeerFsm, PeerFsmOptions, PeerInput, PeerOutput, State } from '../../fsm/index.ts'
import { STATES } from '../../fsm/index.ts'

/** A driver that performs nothing and remembers everything. */
export class Watch {
  /** Connections the driver holds open. */
  readonly open = new Set<ConnectionId>()
  isDialling = false
  readonly #peer: PeerFsm
  readonly #options: PeerFsmOptions
  #state: State = 'Idle'
  #established: ConnectionId | undefined

  constructor(peer: PeerFsm, options: PeerFsmOptions) {
    this.#peer = peer
    this.#options = options
  }

  /** Hands an input to the machine and checks everything. */
  handle(input: PeerInput, now: Millis): readonly PeerOutput[] {
    if (input.type === 'connected') this.open.add(input.connection)
    if (input.type === 'connected' && input.direction === 'outgoing') this.isDialling = false
    if (input.type === 'dial-failed') this.isDialling = false
    if (input.type === 'closed') this.open.delete(input.connection)
    const outputs = this.#peer.handle(input, now)
    for (const output of outputs) this.#follow(output)
    this.#check(now)
    return outputs
  }

  #follow(output: PeerOutput): void {
    switch (output.type) {
      case 'dial':
        expect(this.isDialling, 'no dial on top of a dial').toBe(false)
        expect(this.#options.passive, 'a passive peer never dials').toBe(false)
        this.isDialling = true
        return
      case 'cancel-dial':
        expect(this.isDialling, 'only a dial under way is cancelled').toBe(true)
        this.isDialling = false
        return
      case 'send':
        expect(this.open, 'bytes go to open connections only').toContain(output.connection)
        expect(output.bytes[17]).toBe(output.bytes.length & 0xff)
        return
      case 'close':
        expect(this.open, 'only open connections are closed').toContain(output.connection)
        this.open.delete(output.connection)
        return
      case 'established':
        expect(this.#established, 'at most one Established session').toBeUndefined()
        this.#established = output.connection
        return
      case 'down':
        expect(output.connection, 'only the Established session goes down').toBe(this.#established)
        this.#established = undefined
        return
      case 'refresh':
      case 'refresh-begins':
      case 'refresh-ends':
        expect(this.#established, 'refresh only in Established').toBeDefined()
        return
      case 'state':
        expect(output.from).toBe(this.#state)
        expect(output.to).not.toBe(output.from)
        expect(output.cause).not.toBe('')
        this.#state = output.to
        return
      default:
        output satisfies never
    }
  }

  #check(now: Millis): void {
    const peer = this.#peer
    const { state, sessions, established, timers } = peer
    expect(STATES, 'one of six states').toContain(state)
    expect(state, 'every change of state is told').toBe(this.#state)
    expect(sessions.length, 'two connections at most').toBeLessThanOrEqual(2)
    expect(new Set(sessions.map(({ connection }) => connection)), 'the driver holds what the machine holds').toEqual(
      this.open,
    )
    const confirmed = sessions.filter(session => session.state === 'OpenConfirm' || session.state === 'Established')
    expect(confirmed.length, 'collisions are resolved at once').toBeLessThanOrEqual(1)
    expect(established?.connection, 'established is told').toBe(this.#established)
    expect(state === 'Established', 'the state of the furthest connection').toBe(established !== undefined)
    if (state === 'Idle') expect(sessions, 'nothing lives in Idle').toEqual([])
    const isDelayed = sessions.some(session => session.state === 'Connect')
    if (state === 'Connect') expect(this.isDialling || isDelayed).toBe(true)
    if (!peer.isStarted) expect([state, this.isDialling, timers]).toEqual(['Idle', false, []])
    if (peer.nextDeadline() === undefined) expect(this.#mayRest(), 'a deadline exists where one must').toBe(true)
    for (const { at } of timers) expect(at, 'deadlines are numbers').not.toBeNaN()
    const next = peer.nextDeadline()
    if (next !== undefined) expect(next).toBe(Math.min(...timers.map(({ at }) => at)))
    expect(Number.isFinite(now)).toBe(true)
  }

  /** Stopped, listening passively, or Established with a hold time of 0. */
  #mayRest(): boolean {
    const { isStarted, state, established } = this.#peer
    if (!isStarted) return true
    if (state === 'Active') return this.#options.passive
    return established !== undefined && established.negotiated.holdTimeMs === 0
  }
}
