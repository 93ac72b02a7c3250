/**
 * Capabilities that are lists of address families: multiprotocol (RFC 4760 8), extended next hop (RFC 8950 4) and
 * ADD-PATH (RFC 7911 4). Families we do not speak are kept as numbers; entries that mean nothing are for whoever uses
 * the list to pass over, see `offer.ts`.
 * Called through `registry.ts`.
 */

import { concatBytes, readU8, readU16, u16 } from '../bytes.ts'
import type { Family } from '../family.ts'
import { familyOf } from '../family.ts'
import { AddPathMode, CapabilityCode } from '../iana.ts'
import type { CapabilityRow } from './row.ts'
import { decodeItems, ofLength } from './row.ts'

/** The sender speaks this family. `family` is present when we speak it too. */
export interface MultiprotocolCapability {
  readonly kind: 'multiprotocol'
  readonly family?: Family
  readonly afi: number
  readonly safi: number
}

/** The sender accepts next hops of `nextHopAfi` for these families. */
export interface ExtendedNextHopCapability {
  readonly kind: 'extended-next-hop'
  readonly entries: readonly ExtendedNextHopEntry[]
}

/** One triple of the extended next hop capability; all three fields are two octets wide (RFC 8950 4). */
export interface ExtendedNextHopEntry {
  readonly afi: number
  readonly safi: number
  readonly nextHopAfi: number
}

/** For which families the sender can handle several paths to one prefix, and in which direction. */
export interface AddPathCapability {
  readonly kind: 'add-path'
  readonly entries: readonly AddPathEntry[]
}

/** One tuple of the ADD-PATH capability. `mode` as in `AddPathMode`; 0 and values above 3 void the tuple (RFC 7911 4). */
export interface AddPathEntry {
  readonly afi: number
  readonly safi: number
  readonly mode: number
}

/** "ipv6-unicast", or "afi 25 safi 70" for a family we do not speak. */
export const formatFamily = (afi: number, safi: number): string =>
  familyOf(afi, safi)?.name ?? `afi ${afi} safi ${safi}`

/** The multiprotocol capability for an (AFI, SAFI) pair, with its `Family` when we speak it. */
export function multiprotocol(afi: number, safi: number): MultiprotocolCapability {
  const family = familyOf(afi, safi)
  return family === undefined ? { kind: 'multiprotocol', afi, safi } : { kind: 'multiprotocol', family, afi, safi }
}

/** The row of the multiprotocol extensions. */
export const MULTIPROTOCOL: CapabilityRow<MultiprotocolCapability> = {
  code: CapabilityCode.MULTIPROTOCOL,
  kind: 'multiprotocol',
  onMalformed: 'refuse',
  // RFC 4760 8: AFI, a reserved octet that is ignored, SAFI.
  decode: ofLength(4, (bytes, start) => multiprotocol(readU16(bytes, start), readU8(bytes, start + 3))),
  encode: ({ afi, safi }) => concatBytes(u16(afi), Uint8Array.of(0, safi)),
  format: ({ afi, safi }) => `multiprotocol ${formatFamily(afi, safi)}`,
}

const AFI_NAMES: Record<number, string> = { 1: 'ipv4', 2: 'ipv6' }

/** The row of extended next hops. */
export const EXTENDED_NEXT_HOP: CapabilityRow<ExtendedNextHopCapability> = {
  code: CapabilityCode.EXTENDED_NEXT_HOP,
  kind: 'extended-next-hop',
  onMalformed: 'refuse',
  decode: (bytes, start, end) => {
    const entries = decodeItems(6, { start, end }, at => {
      return { afi: readU16(bytes, at), safi: readU16(bytes, at + 2), nextHopAfi: readU16(bytes, at + 4) }
    })
    return entries && { kind: 'extended-next-hop', entries }
  },
  encode: ({ entries }) =>
    concatBytes(...entries.flatMap(({ afi, safi, nextHopAfi }) => [u16(afi), u16(safi), u16(nextHopAfi)])),
  format: ({ entries }) => {
    const texts = entries.map(({ afi, safi, nextHopAfi }) => {
      return `${formatFamily(afi, safi)} via ${AFI_NAMES[nextHopAfi] ?? `afi ${nextHopAfi}`}`
    })
    return ['extended-next-hop', texts.join(', ')].join(' ').trimEnd()
  },
}

const MODE_NAMES: Record<number, string> = {
  [AddPathMode.RECEIVE]: 'receive',
  [AddPathMode.SEND]: 'send',
  [AddPathMode.BOTH]: 'both',
}

/** The row of ADD-PATH. */
export const ADD_PATH: CapabilityRow<AddPathCapability> = {
  code: CapabilityCode.ADD_PATH,
  kind: 'add-path',
  onMalformed: 'refuse',
  decode: (bytes, start, end) => {
    const entries = decodeItems(4, { start, end }, at => {
      return { afi: readU16(bytes, at), safi: readU8(bytes, at + 2), mode: readU8(bytes, at + 3) }
    })
    return entries && { kind: 'add-path', entries }
  },
  encode: ({ entries }) =>
    concatBytes(...entries.flatMap(({ afi, safi, mode }) => [u16(afi), Uint8Array.of(safi, mode)])),
  format: ({ entries }) => {
    const texts = entries.map(({ afi, safi, mode }) => {
      return `${formatFamily(afi, safi)} ${MODE_NAMES[mode] ?? `mode ${mode} (ignored)`}`
    })
    return ['add-path', texts.join(', ')].join(' ').trimEnd()
  },
}
