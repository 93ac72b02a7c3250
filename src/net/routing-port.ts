/**
 * The port to the RIB: everything the network side knows about routes. `src/daemon` implements it over `src/rib`; tests use a fake.
 *
 * A handle stands for one Established session (RFC 4271 8.2.2); it is made by `established`, given back by `down`, and opaque in between.
 * No method may be slow: `update` and `pull` are called once per message and per piece, `work` is one stretch of a few milliseconds.
 * An exception out of any method but `work` ends the session it was called for and no other; `work` belongs to nobody and may end the process.
 */
import type { Negotiated } from '../../fsm/index.ts'
import type { Family, Notification } from '../../wire/index.ts'

/** The configured name of a peer: unique within a speaker, stable over a reload. */
export type PeerKey = string

/** The addresses of a session's TCP connection, 4 or 16 octets each, network order, without port. */
export interface SessionEndpoints {
  readonly local: Uint8Array
  readonly remote: Uint8Array
  /** The interface a link-local neighbour is on (RFC 4007 11): several links may have the same addresses. */
  readonly zone?: string
}

/** The source of work and of output that the send loop drives. */
export interface WorkPort {
  /** Whether `work` has anything to do: dirty prefixes, removals, scans. */
  readonly pending: boolean
  /** One bounded stretch, a few milliseconds. */
  work(): void
}

/** What a session asks of the routing table. All calls are synchronous. */
export interface RoutingPort<Handle> extends WorkPort {
  /** The session reached Established; paths may come, and the whole table is due to it (RFC 4271 9.2). */
  established(peer: PeerKey, negotiated: Negotiated, endpoints: SessionEndpoints): Handle
  /** One UPDATE without its header, borrowed until the call returns. A Notification means: reset the session with it. */
  update(handle: Handle, bytes: Uint8Array, start: number, end: number): Notification | undefined
  /** The peer asked for everything again (RFC 2918 4). */
  refresh(handle: Handle, family: Family): void
  /** The peer begins to tell a family again (RFC 7313 4): what it has told so far is stale. */
  refreshBegins(handle: Handle, family: Family): void
  /** It has ended, or taken too long: what is still stale goes. */
  refreshEnds(handle: Handle, family: Family): void
  /** The session is gone; the handle must not be used again. */
  down(handle: Handle): void
  /** Writes the next piece of whole messages, owned by the RIB and never changed afterwards. False: nothing is left for now. */
  pull(handle: Handle, write: (bytes: Uint8Array) => void): boolean
}
