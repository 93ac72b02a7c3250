/**
 * Addresses as the network side compares them: one text for one address, so that a Map can hold them.
 *
 * Node and configuration may write the same address differently (case, zero runs, `::ffff:` mapped IPv4). The canonical text is that of
 * RFC 5952, IPv4 for mapped ones, and keeps the zone of a link-local address (`fe80::1%eth0`), because it is part of whom we talk to.
 */
import { formatAddress, parseAddress } from '../../wire/index.ts'

const MAPPED_PREFIX_OCTETS = 12

function unmapped(octets: Uint8Array): Uint8Array {
  if (octets.length !== 16 || octets[10] !== 0xff || octets[11] !== 0xff) return octets
  for (let i = 0; i < 10; i++) if (octets[i] !== 0) return octets
  return octets.subarray(MAPPED_PREFIX_OCTETS)
}

/** The 4 or 16 octets of an address, zone dropped; undefined when the text is no address. */
export function addressOctets(text: string): Uint8Array | undefined {
  const percent = text.indexOf('%')
  const octets = parseAddress(percent < 0 ? text : text.slice(0, percent))
  return octets === undefined ? undefined : unmapped(octets)
}

/** The interface of a link-local address; undefined when the text names none. */
export function zoneOf(text: string): string | undefined {
  const percent = text.indexOf('%')
  return percent < 0 ? undefined : text.slice(percent + 1)
}

/** The one text for an address, zone kept; undefined when it is no address. */
export function canonicalAddress(text: string): string | undefined {
  const octets = addressOctets(text)
  if (octets === undefined) return undefined
  const percent = text.indexOf('%')
  return percent < 0 || octets.length === 4 ? formatAddress(octets) : formatAddress(octets) + text.slice(percent)
}
