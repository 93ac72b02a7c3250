/**
 * ROUTE-REFRESH (RFC 2918 3; the subtype octet is RFC 7313 3.2): AFI, subtype, SAFI. A request, or a mark of begin or
 * end, with a body of any other length than four octets is 7/1 (RFC 7313 5); outbound route filters (RFC 5291) are never
 * negotiated, so longer requests are wrong too. Any other subtype, whatever its length, and any family we do not speak
 * are values for the session to ignore (RFC 2918 4, RFC 7313 5).
 * Called by `message.ts` on receipt and by `fsm/` and `src/rib` to speak.
 */

import { concatBytes, readU8, readU16, u16 } from './bytes.ts'
import { invalidRefreshLength } from './errors.ts'
import { encodeMessage } from './header.ts'
import { MessageType, RefreshSubtype } from './iana.ts'
import type { Result } from './result.ts'
import { failure, success } from './result.ts'

/** The content of a ROUTE-REFRESH message; `subtype` as in RefreshSubtype. */
export interface RouteRefresh {
  readonly afi: number
  readonly safi: number
  readonly subtype: number
}

const BODY_LENGTH = 4

/** Reads a ROUTE-REFRESH from `bytes[start, end)`, header excluded. Error: 7/1 with the whole message. */
export function decodeRouteRefresh(bytes: Uint8Array, start: number, end: number): Result<RouteRefresh> {
  const length = end - start
  const isKnown = length >= BODY_LENGTH && readU8(bytes, start + 2) <= RefreshSubtype.END
  if (length < BODY_LENGTH || (isKnown && length > BODY_LENGTH)) {
    return failure(invalidRefreshLength(encodeMessage(MessageType.ROUTE_REFRESH, bytes.slice(start, end))))
  }
  return success({ afi: readU16(bytes, start), subtype: readU8(bytes, start + 2), safi: readU8(bytes, start + 3) })
}

/** What a subtype asks or says, in the words of RFC 7313 3.2: "request", "BoRR", "EoRR", or its number. */
export function formatRefreshSubtype(subtype: number): string {
  return SUBTYPE_NAMES[subtype] ?? `subtype ${subtype}`
}

const SUBTYPE_NAMES: Record<number, string> = {
  [RefreshSubtype.REQUEST]: 'request',
  [RefreshSubtype.BEGIN]: 'BoRR',
  [RefreshSubtype.END]: 'EoRR',
}

/** Writes a whole ROUTE-REFRESH message, header included. */
export function encodeRouteRefresh(refresh: RouteRefresh): Uint8Array {
  return encodeMessage(
    MessageType.ROUTE_REFRESH,
    concatBytes(u16(refresh.afi), Uint8Array.of(refresh.subtype, refresh.safi)),
  )
}
