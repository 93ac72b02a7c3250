/**
 * Connection collision: which of two connections between the same two speakers survives (RFC 4271 6.8, RFC 6286 2.3).
 * Both sides run the same rule over the same facts, so both keep the same connection.
 * Differences from the RFC: an Established connection always wins (CollisionDetectEstablishedState is not offered), and
 * two connections opened by the same side, which the RFC does not foresee, keep the newer: a speaker that dials again
 * has given up its earlier dial.
 * Called by `peer.ts` for a connection that has just received a valid OPEN and another one that received its own before.
 */

import type { Direction } from './input.ts'
import type { LocalTerms } from './options.ts'
import type { Session } from './session.ts'

/** A connection as far as a collision is concerned. */
export type Contender = Pick<Session, 'direction' | 'state' | 'negotiated'>

/** Which of the two stays: `newcomer`, whose OPEN has just arrived, or `existing`, which was confirmed before. */
export function resolveCollision<C extends Contender>(
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
