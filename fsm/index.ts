/**
 * `godwit/fsm`: the finite state machine of BGP-4 (RFC 4271 section 8) as data in, data out. No socket, no clock, no
 * timer: the caller brings events and the time, and carries out what comes back. See README.md beside this file.
 *
 *     const peer = new PeerFsm({ localAsn: 64512, peerAsn: 65001, …, random: Math.random })
 *     for (const output of peer.handle({ type: 'start' }, now)) perform(output)
 *     sleepUntil(peer.nextDeadline()), then peer.handle({ type: 'deadline' }, now)
 */

export type { Identity } from './collision.ts'
/** The tie-break of RFC 4271 6.8 and RFC 6286 2.3. */
export { winningDirection } from './collision.ts'
export type { Millis } from './deadlines.ts'
/** Named points in time as data, and how to brand and jitter them. */
export { Deadlines, jitter, millis } from './deadlines.ts'
/** How many changes of state a peer remembers. */
export { HISTORY_LIMIT } from './history.ts'
export type { ConnectionId, Direction, PeerInput } from './input.ts'
export type { Negotiated } from './negotiate.ts'
/** Two OPENs make one agreement, or a NOTIFICATION. */
export { localOpen, negotiate, peerAsnOf } from './negotiate.ts'
export type { LocalTerms, PeerFsmOptions } from './options.ts'
export type {
  DownReason,
  EstablishedSession,
  MessageCounts,
  PeerCounters,
  PeerError,
  PeerOutput,
  SessionView,
  State,
  TimerView,
  Transition,
} from './output.ts'
/** The six states, least progress first; and endings in words. */
export { describeReason, STATES } from './output.ts'
/** One configured neighbour. */
export { PeerFsm } from './peer.ts'
