/**
 * Two offers make the codec of a session: what is read and written how, in each direction (RFC 6793 4, RFC 4760 8,
 * RFC 7911 4, RFC 8654 4, RFC 8950 4). Only what follows from the OPENs; which families or extensions we want at all is
 * decided by what we put into ours.
 * Called by whoever negotiates, and by tools that read along a session of others.
 */

import type { AddPathFamilies, CodecContext } from '../context.ts'
import type { Family } from '../family.ts'
import { FAMILIES } from '../family.ts'
import { AddPathMode, MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH } from '../iana.ts'
import type { FamilyNumbers, Offer } from './offer.ts'

/** What two OPENs say of the codec; the rest of a `CodecContext` is the AS border and our own taste. */
export type CodecAgreement = Omit<CodecContext, 'peerKind' | 'rejectAsSets'>

/** The codec of the side that sent the offer `ours` and received `theirs`. */
export function agreeCodec(ours: Offer, theirs: Offer): CodecAgreement {
  const families = FAMILIES.filter(family => isAmong(ours.families, family) && isAmong(theirs.families, family))
  const addPath = agreeAddPath(families, ours, theirs)
  const extendedNextHop = families.filter(
    family => isAmong(ours.extendedNextHop, family) && isAmong(theirs.extendedNextHop, family),
  )
  // RFC 8654 4: we may send what the peer offers to read, and must read what we offered to.
  const maySendExtended = ours.hasExtendedMessage && theirs.hasExtendedMessage
  return {
    fourOctetAs: ours.fourOctetAsn !== undefined && theirs.fourOctetAsn !== undefined,
    families,
    maxLength: maySendExtended ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
    ...(ours.hasExtendedMessage && { maxReceiveLength: MAX_EXTENDED_MESSAGE_LENGTH }),
    ...(addPath.receive.length + addPath.send.length > 0 && { addPath }),
    ...(extendedNextHop.length > 0 && { extendedNextHop }),
  }
}

/** RFC 7911 4: identifiers travel in a direction when one side can send and the other receive them. */
function agreeAddPath(families: readonly Family[], ours: Offer, theirs: Offer): AddPathFamilies {
  const may = (offer: Offer, family: Family, mode: number): boolean =>
    offer.addPath.some(entry => isSame(entry, family) && (entry.mode & mode) !== 0)
  const { SEND, RECEIVE } = AddPathMode
  return {
    receive: families.filter(family => may(ours, family, RECEIVE) && may(theirs, family, SEND)),
    send: families.filter(family => may(ours, family, SEND) && may(theirs, family, RECEIVE)),
  }
}

const isSame = (numbers: FamilyNumbers, family: Family): boolean =>
  numbers.afi === family.afi && numbers.safi === family.safi

const isAmong = (list: readonly FamilyNumbers[], family: Family): boolean => list.some(item => isSame(item, family))
