/**
 * Found by fuzzing: an UPDATE whose only routes are of a family that was not negotiated, with a mistake among its attributes
 * that asks for withdraw. RFC 7606 5.2 wants a reset only where no route is encoded at all; here there is one, which is
 * passed over, so the session stays. `Rib.update` asked for 3/1.
 */
import { expect, it } from 'vitest'
import { ACCEPT_ALL, compilePolicy } from '../../src/policy/index.ts'
import { Rib } from '../../src/rib/index.ts'
import { decodeUpdate, IPV4_UNICAST, MODERN_CONTEXT } from '../../wire/index.ts'
import { attribute, hex, ORIGIN_IGP, updateBody } from '../support/wire-bytes.ts'

const families = [IPV4_UNICAST]
/** AS 0 in the path, and 2001:db8::/32, on a session for IPv4 alone. */
const body = hex(
  updateBody({
    attributes: [
      ORIGIN_IGP,
      attribute(0x40, 2, '02 01 00000000'),
      attribute(0x80, 14, `0002 01 10 ${'20010db8'.padEnd(32, '0')} 00 20 20010db8`),
    ],
  }),
)

it('the objects of such an UPDATE are to be withdrawn', () => {
  const result = decodeUpdate(body, 0, body.length, { ...MODERN_CONTEXT, families })
  expect(result.ok && result.value.action).toBe('withdraw')
})

it('the RIB keeps the session', () => {
  const rib = new Rib({ asn: 64512, routerId: 1, seed: 1, reserve: 64 })
  const policy = compilePolicy(ACCEPT_ALL)
  const peer = rib.addPeer({
    name: 'peer',
    kind: 'ibgp',
    asn: 64512,
    localAsn: 64512,
    routerId: 2,
    address: Uint8Array.of(10, 0, 0, 2),
    localAddress: Uint8Array.of(10, 0, 0, 1),
    families,
    fourOctetAs: true,
    maxLength: 4096,
    reflectorClient: false,
    clusterId: 1,
    nextHopSelf: false,
    importPolicy: policy,
    exportPolicy: policy,
    nextHops: {},
  })
  expect(rib.update(peer, body, 0, body.length)).toBeUndefined()
})
