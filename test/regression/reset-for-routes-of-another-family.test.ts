/**
 * Found by fuzzing: an UPDATE whose only routes are of a family that was not negotiated, with a mistake among its attributes
 * that asks for withdraw. RFC 7606 5.2 wants a reset only where no route is encoded at all; here there is one, which is
 * passed over, so the session stays. `Rib.update` asked for 3/1.
 */
import { expect, it } from 'vitest'
import { decodeUpdate, IPV4_UNICAST, MODERN_CONTEXT } from '../../wire/index.ts'
import { Fixture, peer } from '../support/rib-fixture.ts'
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
  const fixture = new Fixture()
  const id = fixture.join(peer(2, { families, reflectorClient: false }))
  expect(fixture.sendBody(id, body)).toBeUndefined()
})
