/**
 * Capabilities (RFC 5492): what one side of a session can do, as code, length, value inside an OPEN parameter.
 * One row per capability in `CAPABILITIES`; a code without a row is kept as `unknown` and passed over (RFC 5492 3).
 * A known code with an impossible length is a malformed parameter: 2/0. INTEROP: BIRD 2 answers the same.
 * Rows: multiprotocol (RFC 4760 8), route refresh (RFC 2918 2), four-octet AS (RFC 6793 3).
 * Called by `open.ts`, by `fsm/negotiate.ts` and by show commands.
 */

import { concatBytes, formatHex, readU8, readU16, readU32, u16, u32 } from './bytes.ts'
import { malformedParameter } from './errors.ts'
import type { Family } from './family.ts'
import { familyOf } from './family.ts'
import { CapabilityCode } from './iana.ts'
import type { Result } from './result.ts'
import { failure, success } from './result.ts'

/** One capability. `family` is present when we speak that pair of numbers. `value` of an unknown one is a copy. */
export type Capability =
  | { readonly kind: 'multiprotocol'; readonly family?: Family; readonly afi: number; readonly safi: number }
  | { readonly kind: 'route-refresh' }
  | { readonly kind: 'four-octet-as'; readonly asn: number }
  | { readonly kind: 'unknown'; readonly code: number; readonly value: Uint8Array }

/** The capability of this kind. */
export type CapabilityOf<Kind extends Capability['kind']> = Extract<Capability, { kind: Kind }>

/** How one capability is read, written and shown. */
interface CapabilityRow<C extends Capability = Capability> {
  readonly code: number
  readonly kind: C['kind']
  /** The one legal length of the value, in octets. */
  readonly length: number
  decode(bytes: Uint8Array, start: number): C
  encode(capability: C): Uint8Array
  format(capability: C): string
}

const MULTIPROTOCOL: CapabilityRow<CapabilityOf<'multiprotocol'>> = {
  code: CapabilityCode.MULTIPROTOCOL,
  kind: 'multiprotocol',
  length: 4,
  // RFC 4760 8: AFI, a reserved octet that is ignored, SAFI.
  decode: (bytes, start) => multiprotocol(readU16(bytes, start), readU8(bytes, start + 3)),
  encode: ({ afi, safi }) => concatBytes(u16(afi), Uint8Array.of(0, safi)),
  format: ({ family, afi, safi }) => family?.name ?? `afi ${afi} safi ${safi}`,
}

const ROUTE_REFRESH: CapabilityRow<CapabilityOf<'route-refresh'>> = {
  code: CapabilityCode.ROUTE_REFRESH,
  kind: 'route-refresh',
  length: 0,
  decode: () => ({ kind: 'route-refresh' }),
  encode: () => new Uint8Array(0),
  format: () => 'route-refresh',
}

const FOUR_OCTET_AS: CapabilityRow<CapabilityOf<'four-octet-as'>> = {
  code: CapabilityCode.FOUR_OCTET_AS,
  kind: 'four-octet-as',
  length: 4,
  decode: (bytes, start) => ({ kind: 'four-octet-as', asn: readU32(bytes, start) }),
  encode: capability => u32(capability.asn),
  format: capability => `four-octet-as ${capability.asn}`,
}

const CAPABILITIES: readonly CapabilityRow[] = [MULTIPROTOCOL, ROUTE_REFRESH, FOUR_OCTET_AS]

/** The multiprotocol capability for an (AFI, SAFI) pair, with its `Family` when we speak it. */
export function multiprotocol(afi: number, safi: number): CapabilityOf<'multiprotocol'> {
  const family = familyOf(afi, safi)
  return family === undefined ? { kind: 'multiprotocol', afi, safi } : { kind: 'multiprotocol', family, afi, safi }
}

/** Reads the capability triples in `bytes[start, end)`, the value of one type-2 parameter (RFC 5492 4). */
export function decodeCapabilities(bytes: Uint8Array, start: number, end: number): Result<Capability[]> {
  const capabilities: Capability[] = []
  let offset = start
  while (offset < end) {
    if (offset + 2 > end) return failure(malformedParameter('a stray octet after the last capability'))
    const code = readU8(bytes, offset)
    const valueStart = offset + 2
    const valueEnd = valueStart + readU8(bytes, offset + 1)
    if (valueEnd > end) return failure(malformedParameter(`capability ${code} runs past its parameter`))
    const row = CAPABILITIES.find(candidate => candidate.code === code)
    if (row !== undefined && row.length !== valueEnd - valueStart) {
      return failure(malformedParameter(`capability ${row.kind} of ${valueEnd - valueStart} octets`))
    }
    capabilities.push(
      row?.decode(bytes, valueStart) ?? { kind: 'unknown', code, value: bytes.slice(valueStart, valueEnd) },
    )
    offset = valueEnd
  }
  return success(capabilities)
}

/** One capability as code, length, value: what OPEN carries and what a 2/7 NOTIFICATION quotes (RFC 5492 5). */
export function encodeCapability(capability: Capability): Uint8Array {
  const row = CAPABILITIES.find(candidate => candidate.kind === capability.kind)
  const value = capability.kind === 'unknown' ? capability.value : (row?.encode(capability) ?? new Uint8Array(0))
  return concatBytes(Uint8Array.of(capabilityCode(capability), value.length), value)
}

/** The code of a capability in the IANA registry. */
export function capabilityCode(capability: Capability): number {
  if (capability.kind === 'unknown') return capability.code
  return CAPABILITIES.find(row => row.kind === capability.kind)?.code ?? 0
}

/** A capability in the words of show commands: "ipv6-unicast", "four-octet-as 65001", "unknown 71 (000101)". */
export function formatCapability(capability: Capability): string {
  if (capability.kind === 'unknown') {
    const value = capability.value.length === 0 ? '' : ` (${formatHex(capability.value)})`
    return `unknown ${capability.code}${value}`
  }
  return CAPABILITIES.find(row => row.kind === capability.kind)?.format(capability) ?? capability.kind
}
