/**
 * Prefixes that are not of unicast hosts, to be ignored one by one (RFC 4271 6.3, last paragraph; the ranges of RFC 6890
 * that BIRD calls bogus, too): "this network", loopback, link-local, multicast and what lies above it.
 * Called by ingest.ts per announced prefix. Hot. Words may be signed.
 */

export function isOddPrefix4(a0: number, length: number): boolean {
  const top = a0 >>> 24
  if (top >= 224) return true
  if (top === 0 || top === 127) return length >= 8
  return top === 169 && a0 >>> 16 === 0xa9fe && length >= 16
}

export function isOddPrefix6(a0: number, a1: number, a2: number, a3: number, length: number): boolean {
  const top = a0 >>> 24
  if (top === 0xff) return length >= 8
  if (top === 0xfe) return a0 >>> 22 === 0x3fa && length >= 10
  return length === 128 && (a0 | a1 | a2) === 0 && a3 <= 1
}
