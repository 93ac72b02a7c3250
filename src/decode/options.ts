/**
 * How to read what carries no negotiation: the size of AS numbers, path identifiers, and which side of the AS border the
 * sender is on. The command line fills this in; what a source itself knows (MRT subtypes, captured OPENs) comes first.
 * Called by `index.ts` and the readers.
 */

import {
  type CodecContext,
  FAMILIES,
  type Family,
  IPV4_UNICAST,
  MAX_EXTENDED_MESSAGE_LENGTH,
} from '../../wire/index.ts'

export interface DecodeOptions {
  /** AS numbers of two octets. */
  readonly as2: boolean
  /** Families whose prefixes have path identifiers. */
  readonly addPath: readonly Family[]
  readonly peerKind: 'ibgp' | 'ebgp'
}

export const DEFAULT_OPTIONS: DecodeOptions = { as2: false, addPath: [], peerKind: 'ibgp' }

/** The context these options amount to: every family, every extension that only widens what may be read. */
export function contextOf({ as2, addPath, peerKind }: DecodeOptions): CodecContext {
  return {
    fourOctetAs: !as2,
    peerKind,
    families: FAMILIES,
    maxLength: MAX_EXTENDED_MESSAGE_LENGTH,
    maxReceiveLength: MAX_EXTENDED_MESSAGE_LENGTH,
    extendedNextHop: [IPV4_UNICAST],
    ...(addPath.length > 0 && { addPath: { receive: addPath, send: addPath } }),
  }
}
