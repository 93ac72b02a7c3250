/**
 * The BGP role (RFC 9234 4.1): what the sender is to the other side, provider, customer, peer, route server or client of
 * one; and whether two roles go together (RFC 9234 4.2).
 * The row is called through `registry.ts`; `judgeRoles` by whoever negotiates.
 */

import { readU8 } from '../bytes.ts'
import type { Notification } from '../errors.ts'
import { roleMismatch } from '../errors.ts'
import { CapabilityCode, Role } from '../iana.ts'
import type { CapabilityRow } from './row.ts'
import { ofLength } from './row.ts'

/** What the sender is to us on this session; values as in `Role`, others are possible. */
export interface RoleCapability {
  readonly kind: 'role'
  readonly role: number
}

const ROLE_NAMES: Record<number, string> = {
  [Role.PROVIDER]: 'provider',
  [Role.ROUTE_SERVER]: 'rs',
  [Role.ROUTE_SERVER_CLIENT]: 'rs-client',
  [Role.CUSTOMER]: 'customer',
  [Role.PEER]: 'peer',
}

/** What the other side must be, by our role (RFC 9234 4.2, table 2). */
const COUNTERPARTS: Record<number, number> = {
  [Role.PROVIDER]: Role.CUSTOMER,
  [Role.CUSTOMER]: Role.PROVIDER,
  [Role.ROUTE_SERVER]: Role.ROUTE_SERVER_CLIENT,
  [Role.ROUTE_SERVER_CLIENT]: Role.ROUTE_SERVER,
  [Role.PEER]: Role.PEER,
}

/** The name of a role as in RFC 9234 4.1, or its number. */
export const formatRole = (role: number): string => ROLE_NAMES[role] ?? `${role}`

/** The row of the BGP role. */
export const ROLE: CapabilityRow<RoleCapability> = {
  code: CapabilityCode.ROLE,
  kind: 'role',
  onMalformed: 'refuse',
  decode: ofLength(1, (bytes, start) => ({ kind: 'role', role: readU8(bytes, start) })),
  encode: ({ role }) => Uint8Array.of(role),
  format: ({ role }) => `role ${formatRole(role)}`,
}

/**
 * RFC 9234 4.2: the 2/11 that the roles of the two sides deserve, or undefined. `own` is our configured role if there is
 * one, `offered` the distinct values the peer sent. A side that says nothing is in order unless we are strict.
 */
export function judgeRoles(
  own: number | undefined,
  offered: readonly number[],
  isStrict: boolean,
): Notification | undefined {
  if (offered.length > 1) return roleMismatch(`several roles: ${offered.map(formatRole).join(', ')}`)
  const [theirs] = offered
  if (own === undefined) return undefined
  if (theirs === undefined) return isStrict ? roleMismatch('the peer does not say its role') : undefined
  if (COUNTERPARTS[own] === theirs) return undefined
  return roleMismatch(`we are ${formatRole(own)}, the peer is ${formatRole(theirs)}`)
}
