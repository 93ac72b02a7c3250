/**
 * Decoded objects as plain JSON: octets as hex, prefixes and addresses as text, families by name. What an object means stays
 * where it was; only what JSON cannot say is said differently.
 * Called by `describe.ts`.
 */

import {
  type Attribute,
  attributeCode,
  type Capability,
  capabilityCode,
  formatAddress,
  formatAttributeValue,
  formatCapability,
  formatHex,
  formatNlri,
  formatRouterId,
  type Nlri,
} from '../../wire/index.ts'

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }

/** An attribute: `code`, `type`, its fields, and `text` in BIRD's words. */
export function plainAttribute(attribute: Attribute): Plain {
  const { type, ...fields } = attribute
  return { code: attributeCode(attribute), type, ...plainFields(fields), text: formatAttributeValue(attribute) }
}

/** A capability: `code`, `kind`, its fields, and `text`. */
export function plainCapability(capability: Capability): Plain {
  const { kind, ...fields } = capability
  return { code: capabilityCode(capability), kind, ...plainFields(fields), text: formatCapability(capability) }
}

/** "10.0.0.0/8", or an object with `prefix` and `pathId` under ADD-PATH. */
export function plainNlri(nlri: Nlri): Plain {
  const { pathId, family, words, length } = nlri
  if (pathId === undefined) return formatNlri(nlri)
  return { prefix: formatNlri({ family, words, length }), pathId }
}

/** Octets of one or two addresses (RFC 2545 3), or hex when they are none. */
function plainAddresses(octets: Uint8Array): Plain {
  if (octets.length === 4 || octets.length === 16) return [formatAddress(octets)]
  if (octets.length === 32) return [formatAddress(octets.subarray(0, 16)), formatAddress(octets.subarray(16))]
  return [`0x${formatHex(octets)}`]
}

type Rule = (value: unknown) => Plain | undefined

const octets = (value: unknown): Plain | undefined => (value instanceof Uint8Array ? plainAddresses(value) : undefined)
const routerId = (value: unknown): Plain | undefined => (typeof value === 'number' ? formatRouterId(value) : undefined)
const routerIds = (value: unknown): Plain | undefined => {
  return Array.isArray(value) ? value.map(id => formatRouterId(Number(id))) : undefined
}

/** Fields whose name says more than their type. */
const RULES: Readonly<Record<string, Rule>> = { octets, nextHop: octets, routerId, address: routerId, ids: routerIds }

function plainFields(fields: object): { readonly [key: string]: Plain } {
  const plain: Record<string, Plain> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) plain[key] = RULES[key]?.(value) ?? plainValue(value)
  }
  return plain
}

function plainValue(value: unknown): Plain {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return formatHex(value)
  if (Array.isArray(value) || value instanceof Uint32Array) return Array.from(value, plainValue)
  if (typeof value !== 'object') return null
  if (isNlri(value)) return plainNlri(value)
  if (isFamily(value)) return value.name
  return plainFields(value)
}

const isNlri = (value: object): value is Nlri => 'words' in value && 'family' in value && 'length' in value
const isFamily = (value: object): value is { name: string } => 'name' in value && 'afi' in value && 'bits' in value
