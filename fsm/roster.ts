/**
 * The connections of one peer, at most two (RFC 4271 6.8: one opened from each side), and what they amount to together.
 * Differences from the RFC: it has one state machine a connection and no word for the whole; here the peer is in the
 * state of its furthest connection.
 * Called by `peer.ts`.
 */

import type { Millis } from './deadlines.ts'
import type { ConnectionId } from './input.ts'
import type { SessionView, State, TimerView } from './output.ts'
import { STATES } from './output.ts'
import type { Session } from './session-record.ts'
import { stateOf } from './session-record.ts'

const MAX_SESSIONS = 2

/** Live connections, oldest first. */
export class Roster {
  #sessions: readonly Session[] = []

  /** Safe to walk while sessions come and go: a change makes a new list. */
  get all(): readonly Session[] {
    return this.#sessions
  }

  get isEmpty(): boolean {
    return this.#sessions.length === 0
  }

  get isFull(): boolean {
    return this.#sessions.length >= MAX_SESSIONS
  }

  add(session: Session): void {
    this.#sessions = [...this.#sessions, session]
  }

  remove(session: Session): void {
    this.#sessions = this.#sessions.filter(other => other !== session)
  }

  find(connection: ConnectionId): Session | undefined {
    return this.#sessions.find(session => session.connection === connection)
  }

  /** The other connection, if there are two. */
  rivalOf(session: Session): Session | undefined {
    return this.#sessions.find(other => other !== session)
  }

  /** There is no connection but this one. */
  isAlone(session: Session): boolean {
    return this.#sessions.length === 1 && this.#sessions[0] === session
  }

  /** Which connection would make room for a new one: the oldest incoming one without an OPEN. A peer dials once at a time. */
  leastPromising(): Session | undefined {
    return this.#sessions.find(isUnpromising)
  }

  /** Nothing of ours is connected and nothing of the peer's has shown life: a dial of our own is still worth while. */
  get isUnpromising(): boolean {
    return this.#sessions.every(isUnpromising)
  }

  /** The state of the furthest connection, or `lonely` where that is further. */
  furthest(lonely: State): State {
    return (
      STATES.findLast(state => state === lonely || this.#sessions.some(session => stateOf(session) === state)) ?? lonely
    )
  }

  /** The earliest deadline of all connections. */
  nextDeadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const { deadlines } of this.#sessions) {
      const next = deadlines.next()
      if (next !== undefined && (earliest === undefined || next < earliest)) earliest = next
    }
    return earliest
  }

  /** For show commands. */
  views(): readonly SessionView[] {
    return this.#sessions
      .filter(({ state }) => state !== 'Closed')
      .map(session => ({ connection: session.connection, direction: session.direction, state: stateOf(session) }))
  }

  /** For show commands. */
  timers(): readonly TimerView[] {
    return this.#sessions.flatMap(({ connection, deadlines }) =>
      deadlines.list().map(({ name, at }) => ({ name, at, connection })),
    )
  }
}

/** The peer dialled, and has not shown an OPEN. */
const isUnpromising = ({ negotiated, direction }: Session): boolean =>
  negotiated === undefined && direction === 'incoming'
