/**
 * What a peer has while its session is Established: the connection, the handle of the routing port, the place in the send loop, the send hold timer.
 * Pulls output and writes it. Called by `peer-driver.ts`.
 */
import type { Millis, Negotiated } from '../../fsm/index.ts'
import type { Family, Notification } from '../../wire/index.ts'
import type { Connection } from './connection.ts'
import type { DriverParts } from './peer-options.ts'
import { defaultSendHoldMs, SendHold } from './send-hold.ts'
import type { SendResult } from './send-loop.ts'

export interface ActiveSessionOptions<Handle> {
  readonly connection: Connection
  readonly handle: Handle
  readonly negotiated: Negotiated
  readonly sendHoldMs: number | undefined
  readonly parts: DriverParts<Handle>
}

export class ActiveSession<Handle> {
  readonly connection: Connection
  readonly handle: Handle
  readonly negotiated: Negotiated
  readonly sendHold: SendHold
  /** UPDATEs written that the state machine has not heard of, and when the last of them was. */
  updatesWritten = 0
  writtenAt = 0 as Millis
  updateOctetsSent = 0
  readonly #parts: DriverParts<Handle>
  readonly #write = (bytes: Uint8Array): void => {
    this.connection.queue(bytes)
    this.updateOctetsSent += bytes.length
    this.updatesWritten += this.#parts.updateCounter.count(bytes)
  }

  constructor(options: ActiveSessionOptions<Handle>) {
    const { connection, negotiated } = options
    this.connection = connection
    this.handle = options.handle
    this.negotiated = negotiated
    this.#parts = options.parts
    this.sendHold = new SendHold(connection, options.sendHoldMs ?? defaultSendHoldMs(negotiated.holdTimeMs))
  }

  /** Hands over one UPDATE, header included. */
  update(bytes: Uint8Array, bodyStart: number, end: number): Notification | undefined {
    return this.#parts.routing.update(this.handle, bytes, bodyStart, end)
  }

  /** The peer wants our routes again, or marks the begin or the end of telling its own (RFC 2918 4, RFC 7313 4). */
  refreshed(what: 'refresh' | 'refresh-begins' | 'refresh-ends', family: Family): void {
    const { routing } = this.#parts
    if (what === 'refresh') routing.refresh(this.handle, family)
    else if (what === 'refresh-begins') routing.refreshBegins(this.handle, family)
    else routing.refreshEnds(this.handle, family)
  }

  /** Writes until nothing is left, the socket is full, or the clock has passed `until`. Throws what the routing port throws. */
  send(until: Millis): SendResult {
    const { connection, handle } = this
    const { clock, routing } = this.#parts
    let isMore = true
    try {
      for (let now = clock.now(); isMore && !connection.isFull && now < until; now = clock.now()) {
        const before = this.updatesWritten
        isMore = routing.pull(handle, this.#write)
        // A visit that brings nothing does not put the KEEPALIVE off.
        if (this.updatesWritten !== before) this.writtenAt = now
      }
    } finally {
      connection.flush()
    }
    if (!isMore) return 'idle'
    return connection.isFull ? 'blocked' : 'more'
  }
}
