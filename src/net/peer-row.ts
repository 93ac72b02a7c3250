/** What `show peers` and the metrics see of one peer: plain, read-only, built anew for every question. Called by `src/daemon`. */
import type { Direction, Negotiated, PeerCounters, PeerError, State, Transition } from '../../fsm/index.ts'
import type { PeerKey } from './routing-port.ts'

/** What the network side counts; messages, dials and sessions are counted by the state machine. */
export interface TrafficCounters {
  readonly octetsReceived: number
  readonly octetsSent: number
  /** The part of `octetsSent` that were UPDATEs. */
  readonly updateOctetsSent: number
  /** Incoming connections taken in. */
  readonly accepted: number
  /** Exceptions that ended a session. */
  readonly faults: number
}

export interface ConnectionView {
  readonly direction: Direction
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** Octets written by us that the kernel has not taken yet. */
  readonly queuedOctets: number
}

export interface PeerRow {
  readonly name: PeerKey
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string | undefined
  readonly localAsn: number
  readonly peerAsn: number
  readonly isPassive: boolean
  readonly state: State
  /** How long the peer has been in this state. */
  readonly stateForMs: number
  /** Present while Established. */
  readonly negotiated: Negotiated | undefined
  /** The connection of the session, or the oldest there is. */
  readonly connection: ConnectionView | undefined
  /** Start from zero when the peer is added, and when an exception made a new machine necessary. */
  readonly counters: PeerCounters
  readonly traffic: TrafficCounters
  readonly connectRetryCounter: number
  readonly lastError: PeerError | undefined
}

/** A change of state, told by how long ago it was. */
export interface PastTransition extends Omit<Transition, 'at'> {
  readonly agoMs: number
}

/** Why a refresh cannot be: there is no session, the neighbour offers none (RFC 2918 2), or the families are none of the session. */
export type RefreshObstacle = 'no-session' | 'not-offered' | 'not-negotiated'
