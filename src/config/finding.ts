/** Small words of the cross checks: a finding at its place, the family of an address. Called by check.ts and check-routing.ts. */
import type { PlacedFinding } from './explain.ts'
import type { PathSegment } from './problem.ts'
import type { Address, Finding } from './text.ts'

export function found(
  path: readonly PathSegment[],
  code: Finding['code'],
  message: string,
  hint: string,
): PlacedFinding {
  return { path, code, message, hint }
}

export const isIpv6 = (address: Address): boolean => address.octets.length === 16
export const familyText = (address: Address): string => (isIpv6(address) ? 'IPv6' : 'IPv4')
