/**
 * Capabilities for people: the name of a speaker (FQDN, code 73, draft-walton-bgp-hostname-capability) and of its
 * software (code 75, draft-abraitis-bgp-version-capability). INTEROP: FRR, ExaBGP and BIRD 2 send them. They only inform,
 * so a value of impossible form is kept as unknown instead of refusing the session, and texts are shown, never trusted.
 * Called through `registry.ts`.
 */

import { concatBytes, encodeUtf8, readU8 } from '../bytes.ts'
import { CapabilityCode } from '../iana.ts'
import { decodeText } from '../text.ts'
import type { CapabilityRow } from './row.ts'

/** Host and domain name of the sender; either may be empty. */
export interface FqdnCapability {
  readonly kind: 'fqdn'
  readonly hostname: string
  readonly domain: string
}

/** What the sender runs, "FRRouting/10.1". */
export interface SoftwareVersionCapability {
  readonly kind: 'software-version'
  readonly version: string
}

/** Most octets of a text: with two of them, lengths and all, a capability of 255 octets still holds one. */
const MAX_NAME = 126
const MAX_VERSION = 254

/** The row of FQDN: length and host name, length and domain name. */
export const FQDN: CapabilityRow<FqdnCapability> = {
  code: CapabilityCode.FQDN,
  kind: 'fqdn',
  onMalformed: 'keep',
  decode: (bytes, start, end) => {
    const hostname = counted(bytes, start, end)
    const domain = hostname && counted(bytes, hostname.end, end)
    return domain?.end === end ? { kind: 'fqdn', hostname: hostname?.text ?? '', domain: domain.text } : undefined
  },
  encode: ({ hostname, domain }) => concatBytes(encodeCounted(hostname, MAX_NAME), encodeCounted(domain, MAX_NAME)),
  format: ({ hostname, domain }) => `fqdn ${domain === '' ? hostname : `${hostname}.${domain}`}`.trimEnd(),
}

/** The row of the software version: length and text. */
export const SOFTWARE_VERSION: CapabilityRow<SoftwareVersionCapability> = {
  code: CapabilityCode.SOFTWARE_VERSION,
  kind: 'software-version',
  onMalformed: 'keep',
  decode: (bytes, start, end) => {
    const version = counted(bytes, start, end)
    return version?.end === end ? { kind: 'software-version', version: version.text } : undefined
  },
  encode: ({ version }) => encodeCounted(version, MAX_VERSION),
  format: ({ version }) => `software-version ${version}`.trimEnd(),
}

/** A text behind its length octet, and where it ends; undefined when it runs past `end`. */
function counted(bytes: Uint8Array, start: number, end: number): { text: string; end: number } | undefined {
  if (start >= end) return undefined
  const textEnd = start + 1 + readU8(bytes, start)
  return textEnd > end ? undefined : { text: decodeText(bytes, start + 1, textEnd), end: textEnd }
}

function encodeCounted(text: string, limit: number): Uint8Array {
  const octets = encodeUtf8(text, limit)
  return concatBytes(Uint8Array.of(octets.length), octets)
}
