/**
 * Connection collision: which of two connections between the same two speakers survives (RFC 4271 6.8, RFC 6286 2.3).
 * Both sides run the same rule over the same facts, so both keep the same connection.
 * Differences from the RFC: an Established connection always wins (CollisionDetectEstablishedState is not offered), save
 * over a peer that has restarted (RFC 4724 4.2); two connections opened by the same side, which the RFC does not foresee,
 * keep the newer: a speaker that dials again has given up its earlier dial; and a connection that would lose to one whose
 * OPEN may still be on its way keeps its KEEPALIVE back for a moment. Without that moment, the two sides of a simultaneous
 * start, hearing things in different order, can each keep the connection that the other closes: one is Established here
 * already when the OPEN arrives that decides for the other there.
 * Called by `peer.ts` for a connection that has just received a valid OPEN.
 */

import type { Millis } from './deadlines.ts'
import type { Direction } from './input.ts'
import type { LocalTerms } from './options.ts'
import type { Session } from './session-record.ts'

/** A connection as far as a collision is concerned. */
export type Contender = Pick<Session, 'direction' | 'state' | 'negotiated'>

/** How long after it came up a connection is waited for: what an OPEN takes over any network worth the name. */
const PATIENCE_MS = 1000

/** What becomes of a connection that has received a valid OPEN, and of the other one. */
export type Verdict =
  | { readonly isKept: false }
  | { readonly isKept: true; readonly waitUntil: Millis | undefined; readonly isRivalOver: boolean }

/** Judges a connection that has received a valid OPEN against the other one, if there is one (RFC 4271 6.8). */
export function judgeCollision(
  newcomer: Session,
  rival: Session | undefined,
  local: Pick<LocalTerms, 'localAsn' | 'routerId'>,
  now: Millis,
): Verdict {
  if (rival === undefined) return { isKept: true, waitUntil: undefined, isRivalOver: false }
  const isLoser = resolveCollision(newcomer, rival, local) === rival
  switch (rival.state) {
    case 'OpenConfirm':
    case 'Established':
      return isLoser ? { isKept: false } : { isKept: true, waitUntil: undefined, isRivalOver: true }
    case 'OpenSent': {
      // It may be dead, whoever opened it: it neither wins nor loses yet, but a fresh one is given a moment.
      const until = (rival.openedAt + PATIENCE_MS) as Millis
      return { isKept: true, waitUntil: isLoser && until > now ? until : undefined, isRivalOver: false }
    }
    default:
      // RFC 4271 6.8: no collision before OpenSent; a connection of ours that has said nothing yet is not needed any more.
      return { isKept: true, waitUntil: undefined, isRivalOver: rival.direction === 'outgoing' }
  }
}

/** Which of the two stays: `newcomer`, whose OPEN has just arrived, or `existing`, which was confirmed before. */
function resolveCollision<C extends Contender>(
  newcomer: C,
  existing: C,
  local: Pick<LocalTerms, 'localAsn' | 'routerId'>,
): C {
  if (existing.state === 'Established' || newcomer.negotiated === undefined) return existing
  if (existing.direction === newcomer.direction) return newcomer
  const { peerRouterId, peerAsn } = newcomer.negotiated
  const winner = winningDirection(
    { routerId: local.routerId, asn: local.localAsn },
    { routerId: peerRouterId, asn: peerAsn },
  )
  return newcomer.direction === winner ? newcomer : existing
}

/**
 * A peer that keeps routes over a restart dials anew while its old session seems to live: then the old one is dead
 * (RFC 4724 4.2). Not so when both came up about the same time: that is a simultaneous start like any other.
 */
export function isRestart(newcomer: Session, live: Session | undefined, establishedAt: Millis): boolean {
  if (
    live?.negotiated === undefined ||
    newcomer.direction !== 'incoming' ||
    newcomer.openedAt <= establishedAt + PATIENCE_MS
  )
    return false
  return live.negotiated.capabilities.some(({ kind }) => kind === 'graceful-restart')
}

/** One end: its BGP Identifier as an unsigned 32-bit number in host order, its AS number of 4 octets. */
export interface Identity {
  readonly routerId: number
  readonly asn: number
}

/**
 * The connection opened by the side with the higher identifier stays; among equals, by that with the larger AS number.
 * Seen from `local`: the one we opened, or the one we accepted.
 */
export function winningDirection(local: Identity, remote: Identity): Direction {
  const ours = local.routerId >>> 0
  const theirs = remote.routerId >>> 0
  if (ours !== theirs) return ours > theirs ? 'outgoing' : 'incoming'
  return local.asn > remote.asn ? 'outgoing' : 'incoming'
}
