/**
 * Capabilities (RFC 5492): what one side of a session can do, as code, length, value inside an OPEN parameter.
 * The table is `capability/registry.ts`; a code without a row is kept as `unknown` and passed over (RFC 5492 3).
 * A known code with an impossible value is a malformed parameter: 2/0, unless the capability only informs.
 * INTEROP: BIRD 2 answers the same. What a whole list of capabilities amounts to is in `capability/offer.ts`.
 * Called by `open.ts`, by `fsm/negotiate.ts` and by show commands.
 */

import { concatBytes, formatHex, readU8 } from './bytes.ts'
import type { KnownCapability } from './capability/registry.ts'
import { capabilityRow, capabilityRowOf, OTHER_CAPABILITY_NAMES } from './capability/registry.ts'
import { malformedParameter } from './errors.ts'
import type { Result } from './result.ts'
import { failure, success } from './result.ts'

export { multiprotocol } from './capability/family.ts'

/** A capability without a row, or an informative one of impossible form. `value` is a copy. */
export interface UnknownCapability {
  readonly kind: 'unknown'
  readonly code: number
  readonly value: Uint8Array
}

/** One capability; `kind` tells which. */
export type Capability = KnownCapability | UnknownCapability

/** The capability of this kind. */
export type CapabilityOf<Kind extends Capability['kind']> = Extract<Capability, { kind: Kind }>

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
    const row = capabilityRow(code)
    const known = row?.decode(bytes, valueStart, valueEnd)
    if (known === undefined && row?.onMalformed === 'refuse') {
      return failure(malformedParameter(`capability ${row.kind} of ${valueEnd - valueStart} octets`))
    }
    capabilities.push(known ?? { kind: 'unknown', code, value: bytes.slice(valueStart, valueEnd) })
    offset = valueEnd
  }
  return success(capabilities)
}

/**
 * One capability as code, length, value: what OPEN carries and what a 2/7 NOTIFICATION quotes (RFC 5492 5). Throws
 * RangeError for a value of more than 255 octets, a mistake of the caller.
 */
export function encodeCapability(capability: Capability): Uint8Array {
  const value = capability.kind === 'unknown' ? capability.value : encodeKnown(capability)
  const code = capabilityCode(capability)
  if (value.length > 255) throw new RangeError(`capability ${code} would have ${value.length} octets`)
  return concatBytes(Uint8Array.of(code, value.length), value)
}

const encodeKnown = (capability: KnownCapability): Uint8Array =>
  capabilityRowOf(capability.kind)?.encode(capability) ?? new Uint8Array(0)

/** The code of a capability in the IANA registry. */
export function capabilityCode(capability: Capability): number {
  return capability.kind === 'unknown' ? capability.code : (capabilityRowOf(capability.kind)?.code ?? 0)
}

/** A capability in the words of show commands: "multiprotocol ipv6-unicast", "unknown 240 (000101)". */
export function formatCapability(capability: Capability): string {
  if (capability.kind !== 'unknown') return capabilityRowOf(capability.kind)?.format(capability) ?? capability.kind
  const { code, value } = capability
  const name = OTHER_CAPABILITY_NAMES[code]
  const octets = value.length === 0 ? '' : ` (${formatHex(value)})`
  return `unknown ${code}${name === undefined ? '' : ` ${name}`}${octets}`
}
