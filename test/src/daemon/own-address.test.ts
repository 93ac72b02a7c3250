import { describe, expect, it } from 'vitest'
import { ownNextHops } from '../../../src/daemon/own-address.ts'
import { FAMILIES, IPV4_UNICAST, parseAddress } from '../../../wire/index.ts'

const octets = (text: string) => parseAddress(text) ?? new Uint8Array()
const address = (text: string) => ({
  address: text,
  family: text.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
  netmask: '',
  mac: '',
  internal: false,
  cidr: null,
  scopeid: 0,
})
const interfaces = {
  lo: [address('127.0.0.1'), address('::1')],
  eth0: [address('10.0.0.1'), address('fe80::1'), address('fd00::1')],
}

describe('the own address told as next hop', () => {
  it('is the session address for its family and, for the other, a global address of the same interface', () => {
    expect(ownNextHops(octets('10.0.0.1'), {}, FAMILIES, () => interfaces)).toEqual({
      ipv4: octets('10.0.0.1'),
      ipv6: octets('fd00::1'),
    })
    expect(ownNextHops(octets('fd00::1'), {}, FAMILIES, () => interfaces)).toEqual({
      ipv4: octets('10.0.0.1'),
      ipv6: octets('fd00::1'),
    })
  })

  it('is what the configuration says before anything else', () => {
    const configured = { ipv6: octets('fd99::9') }
    expect(ownNextHops(octets('10.0.0.1'), configured, FAMILIES, () => interfaces)).toEqual({
      ipv4: octets('10.0.0.1'),
      ipv6: octets('fd99::9'),
    })
  })

  it('is never a link-local address, and absent when there is no other', () => {
    const linkLocalOnly = { eth0: [address('10.0.0.1'), address('fe80::1')] }
    expect(ownNextHops(octets('10.0.0.1'), {}, FAMILIES, () => linkLocalOnly)).toEqual({ ipv4: octets('10.0.0.1') })
  })

  it('does not ask the machine when the session speaks one family only, or the other address is configured', () => {
    const nobody = () => {
      throw new Error('asked')
    }
    const configured = { ipv6: octets('fd00::9') }
    expect(ownNextHops(octets('10.0.0.1'), {}, [IPV4_UNICAST], nobody)).toEqual({ ipv4: octets('10.0.0.1') })
    expect(ownNextHops(octets('10.0.0.1'), configured, FAMILIES, nobody)).toEqual({
      ipv4: octets('10.0.0.1'),
      ...configured,
    })
  })
})
