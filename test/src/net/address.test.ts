import { describe, expect, it } from 'vitest'
import { addressOctets, canonicalAddress } from '../../../src/net/address.ts'

describe('canonicalAddress', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::0001', '2001:db8::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:0a00:0001', '10.0.0.1'],
    ['FE80::1%eth0', 'fe80::1%eth0'],
  ])('writes %s as %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected)
  })

  it.each(['', 'localhost', '10.0.0', '10.0.0.1/24', 'fe80::1::2'])('does not take "%s" for an address', text => {
    expect(canonicalAddress(text)).toBeUndefined()
  })

  it('gives octets without the zone', () => {
    expect(addressOctets('fe80::1%eth0')).toHaveLength(16)
    expect(addressOctets('192.0.2.1')).toEqual(Uint8Array.of(192, 0, 2, 1))
  })
})
