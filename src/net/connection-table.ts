/**
 * The TCP connections of one peer: the one or two its state machine knows (RFC 4271 6.8), and those that are only waiting for their last octets to
 * be delivered. Bounds their number, and keeps count of what went over those that are gone. Called by `peer-driver.ts`.
 */
import type { ConnectionId, Direction } from '../../fsm/index.ts'
import type { Clock } from './clock.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { ReadGate } from './read-gate.ts'
import type { StreamSocket } from './stream-socket.ts'

/** Sockets a peer may hold here: the two of a collision, and two that are closing. */
const MAX_CONNECTIONS = 4

/** What all connections of all peers share. */
export interface ConnectionParts {
  readonly clock: Clock
  readonly readGate: ReadGate
  readonly writeLimitOctets: number | undefined
}

export class ConnectionTable {
  readonly #owner: ConnectionOwner
  readonly #parts: ConnectionParts
  /** Oldest first; mostly one. Replaced when one comes or goes. */
  #connections: readonly Connection[] = []
  #nextId = 1
  #pastOctetsReceived = 0
  #pastOctetsSent = 0

  constructor(owner: ConnectionOwner, parts: ConnectionParts) {
    this.#owner = owner
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.#connections.length === 0
  }

  /** The oldest one that is not closing. */
  get oldestOpen(): Connection | undefined {
    return this.#connections.find(connection => connection.isOpen)
  }

  get(id: ConnectionId): Connection | undefined {
    return this.#connections.find(connection => connection.id === id)
  }

  values(): Iterable<Connection> {
    return this.#connections
  }

  add(socket: StreamSocket, direction: Direction): Connection {
    const { clock, readGate, writeLimitOctets } = this.#parts
    const id = this.#nextId++
    const owner = this.#owner
    const connection = new Connection({ id, socket, direction, owner, clock, readGate, writeLimitOctets })
    this.#connections = [...this.#connections, connection]
    return connection
  }

  /** Whether another socket may be held. When there are too many, one that only lingers gives way. */
  makeRoom(): boolean {
    if (this.#connections.length < MAX_CONNECTIONS) return true
    const lingering = this.#connections.find(connection => !connection.isOpen)
    if (lingering === undefined) return false
    lingering.abort()
    this.remove(lingering)
    return true
  }

  /** Forgets a connection that is gone, if it has not been forgotten already. */
  remove(connection: Connection): void {
    if (!this.#connections.includes(connection)) return
    this.#connections = this.#connections.filter(other => other !== connection)
    this.#pastOctetsReceived += connection.octetsReceived
    this.#pastOctetsSent += connection.octetsSent
  }

  /** Over all connections there ever were. */
  octets(): { readonly octetsReceived: number; readonly octetsSent: number } {
    let octetsReceived = this.#pastOctetsReceived
    let octetsSent = this.#pastOctetsSent
    for (const connection of this.#connections) {
      octetsReceived += connection.octetsReceived
      octetsSent += connection.octetsSent
    }
    return { octetsReceived, octetsSent }
  }
}
