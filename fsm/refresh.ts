/**
 * ROUTE-REFRESH on an Established session, both roles: requests of the peer, the marks around what it tells again, and
 * our own requests (RFC 2918 3, 4; RFC 7313 3.2, 4, 5). Between BoRR and EoRR a deadline runs: a peer that never ends
 * what it began must not leave stale routes with us for ever (RFC 7313 4, the local upper bound).
 * Differences from the RFCs: none. Graceful restart is not negotiated yet, so nothing has to wait for its end-of-RIB.
 * Called by `session.ts`.
 */

import type { Family } from '../wire/family.ts'
import { familyOf } from '../wire/family.ts'
import { RefreshSubtype } from '../wire/iana.ts'
import type { RouteRefresh } from '../wire/route-refresh.ts'
import { encodeRouteRefresh } from '../wire/route-refresh.ts'
import type { Millis } from './deadlines.ts'
import type { RunningRefresh, Session, SessionOutput } from './session-record.ts'

const IGNORED: readonly SessionOutput[] = [{ type: 'refresh-ignored' }]

/** A ROUTE-REFRESH came in Established. What was not agreed on is passed over (RFC 2918 4, RFC 7313 5). */
export function acceptRefresh(session: Session, refresh: RouteRefresh, now: Millis): readonly SessionOutput[] {
  const { negotiated } = session
  const family = familyOf(refresh.afi, refresh.safi)
  if (negotiated === undefined || family === undefined || !negotiated.families.includes(family)) return IGNORED
  if (refresh.subtype === RefreshSubtype.REQUEST) {
    return negotiated.answersRefresh ? [{ type: 'refresh', family }] : IGNORED
  }
  if (!negotiated.enhancedRefresh) return IGNORED
  if (refresh.subtype === RefreshSubtype.BEGIN) return begin(session, family, now)
  return refresh.subtype === RefreshSubtype.END ? end(session, family) : IGNORED
}

/** Asks the peer for a family again; nothing where that was not agreed on. */
export function requestRefresh({ negotiated }: Session, family: Family): readonly SessionOutput[] {
  if (negotiated?.routeRefresh !== true || !negotiated.families.includes(family)) return []
  const { afi, safi } = family
  const bytes = encodeRouteRefresh({ afi, safi, subtype: RefreshSubtype.REQUEST })
  return [{ type: 'send', message: 'route-refresh', bytes }]
}

/** RFC 7313 4: what is not told again until EoRR is gone. A second BoRR begins anew. */
function begin(session: Session, family: Family, now: Millis): readonly SessionOutput[] {
  const until = (now + session.terms.refreshTimeoutMs) as Millis
  replace(session, [...session.refreshes.filter(running => running.family !== family), { family, until }])
  return [{ type: 'refresh-begins', family }]
}

/** RFC 7313 4: an EoRR without a BoRR before it means nothing. */
function end(session: Session, family: Family): readonly SessionOutput[] {
  const left = session.refreshes.filter(running => running.family !== family)
  if (left.length === session.refreshes.length) return IGNORED
  replace(session, left)
  return [{ type: 'refresh-ends', family, isTimeout: false }]
}

/** Ends what has run for too long. */
export function expireRefreshes(session: Session, now: Millis): readonly SessionOutput[] {
  const over = session.refreshes.filter(({ until }) => until <= now)
  replace(
    session,
    session.refreshes.filter(({ until }) => until > now),
  )
  return over.map(({ family }) => ({ type: 'refresh-ends', family, isTimeout: true }))
}

function replace(session: Session, refreshes: readonly RunningRefresh[]): void {
  session.refreshes = refreshes
  if (refreshes.length === 0) session.deadlines.clear('refresh')
  else session.deadlines.set('refresh', Math.min(...refreshes.map(({ until }) => until)) as Millis)
}
