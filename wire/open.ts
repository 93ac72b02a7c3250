/**
 * OPEN (RFC 4271 4.2, 6.2; RFC 5492 4; RFC 9072 2): version, AS, hold time, identifier, and optional parameters, of
 * which capabilities are the only kind left. Read here: form, version, hold time and identifier 0. Left to the session,
 * which knows its configuration: is this the right AS (2/2), is the identifier ours (2/3), may we live without that
 * capability (2/7).
 * Called by `message.ts` on receipt and by `fsm/` to speak.
 */

import { concatBytes, readU8, readU16, readU32, u16, u32 } from './bytes.ts'
import type { Capability } from './capability.ts'
import { decodeCapabilities, encodeCapability } from './capability.ts'
import {
  badIdentifier,
  badMessageLength,
  malformedParameter,
  unacceptableHoldTime,
  unsupportedParameter,
  unsupportedVersion,
} from './errors.ts'
import { encodeMessage } from './header.ts'
import {
  BGP_VERSION,
  HEADER_LENGTH,
  MAX_MESSAGE_LENGTH,
  MessageType,
  MIN_MESSAGE_LENGTH,
  ParameterType,
} from './iana.ts'
import type { Result } from './result.ts'
import { failure, success } from './result.ts'

/** The content of an OPEN message. */
export interface Open {
  readonly version: number
  /** The 2-octet field: AS_TRANS when the real number is in the four-octet capability (RFC 6793 4.1). */
  readonly asn: number
  /** Proposed hold time in seconds; 0 means no keepalives at all. */
  readonly holdTimeS: number
  /** BGP Identifier, unsigned 32 bits. */
  readonly routerId: number
  /** The union over all capability parameters, in order of appearance, repeats included. */
  readonly capabilities: readonly Capability[]
}

/** Where the optional parameters lie and how wide their length fields are. */
interface ParameterArea {
  readonly start: number
  readonly end: number
  readonly lengthOctets: 1 | 2
}

const FIXED_LENGTH = MIN_MESSAGE_LENGTH.OPEN - HEADER_LENGTH

/** Reads an OPEN from `bytes[start, end)`, header excluded. Errors: 2/0, 2/1, 2/3, 2/4, 2/6 (RFC 4271 6.2). */
export function decodeOpen(bytes: Uint8Array, start: number, end: number): Result<Open> {
  if (end - start < FIXED_LENGTH) return failure(badMessageLength(end - start + HEADER_LENGTH))
  const version = readU8(bytes, start)
  if (version !== BGP_VERSION) return failure(unsupportedVersion(version))
  const holdTimeS = readU16(bytes, start + 3)
  if (holdTimeS === 1 || holdTimeS === 2) return failure(unacceptableHoldTime(holdTimeS))
  const routerId = readU32(bytes, start + 5)
  // RFC 6286 2.1: any value but 0.
  if (routerId === 0) return failure(badIdentifier('the BGP Identifier is 0.0.0.0'))
  const area = locateParameters(bytes, start + 9, end)
  if (area === undefined) return failure(malformedParameter('the optional parameters do not fill the message'))
  const capabilities = decodeParameters(bytes, area)
  if (!capabilities.ok) return capabilities
  return success({ version, asn: readU16(bytes, start + 1), holdTimeS, routerId, capabilities: capabilities.value })
}

/** RFC 9072 2: a first parameter type of 255 means wide lengths follow, whatever non-zero value the old length has. */
function locateParameters(bytes: Uint8Array, start: number, end: number): ParameterArea | undefined {
  const oldLength = readU8(bytes, start)
  const first = start + 1
  const isExtended = oldLength !== 0 && first + 3 <= end && readU8(bytes, first) === ParameterType.EXTENDED_LENGTH
  if (isExtended) {
    const area = { start: first + 3, end: first + 3 + readU16(bytes, first + 1), lengthOctets: 2 } as const
    return area.end === end ? area : undefined
  }
  return first + oldLength === end ? { start: first, end, lengthOctets: 1 } : undefined
}

/** RFC 5492 4: capabilities may be spread over several parameters; all of them count. */
function decodeParameters(bytes: Uint8Array, area: ParameterArea): Result<Capability[]> {
  const capabilities: Capability[] = []
  const headLength = 1 + area.lengthOctets
  let offset = area.start
  while (offset < area.end) {
    if (offset + headLength > area.end) return failure(malformedParameter('stray octets after the last parameter'))
    const type = readU8(bytes, offset)
    const length = area.lengthOctets === 1 ? readU8(bytes, offset + 1) : readU16(bytes, offset + 1)
    const valueStart = offset + headLength
    offset = valueStart + length
    if (type !== ParameterType.CAPABILITIES) return failure(unsupportedParameter(type))
    if (offset > area.end) return failure(malformedParameter('a capability parameter runs past the message'))
    const decoded = decodeCapabilities(bytes, valueStart, offset)
    if (!decoded.ok) return decoded
    for (const capability of decoded.value) capabilities.push(capability)
  }
  return success(capabilities)
}

/**
 * Writes a whole OPEN message, header included, with all capabilities in one parameter as RFC 5492 4 prefers, in the
 * extended form only where they need it (RFC 9072 2). Throws RangeError above 4096 octets, which no OPEN may exceed
 * (RFC 8654 4), and for a capability of more than 255: mistakes of the caller.
 */
export function encodeOpen(open: Open): Uint8Array {
  const fixed = concatBytes(Uint8Array.of(open.version), u16(open.asn), u16(open.holdTimeS), u32(open.routerId))
  const message = encodeMessage(MessageType.OPEN, fixed, encodeParameters(open.capabilities))
  if (message.length <= MAX_MESSAGE_LENGTH) return message
  throw new RangeError(`an OPEN of ${message.length} octets`)
}

function encodeParameters(capabilities: readonly Capability[]): Uint8Array {
  if (capabilities.length === 0) return Uint8Array.of(0)
  const value = concatBytes(...capabilities.map(encodeCapability))
  const total = value.length + 2
  if (total <= 255) return concatBytes(Uint8Array.of(total, ParameterType.CAPABILITIES, value.length), value)
  // RFC 9072 2: 255, 255, then two-octet lengths throughout.
  const marker = Uint8Array.of(255, ParameterType.EXTENDED_LENGTH)
  const wide = Uint8Array.of(ParameterType.CAPABILITIES)
  return concatBytes(marker, u16(value.length + 3), wide, u16(value.length), value)
}
