/**
 * A reload once forgot how many sessions of neighbours from a range were ended over a malformed UPDATE: it kept the counts of configured peers only.
 */
import { expect, it } from 'vitest'
import { localOpen, negotiate } from '../../fsm/index.ts'
import { parseConfig } from '../../src/config/index.ts'
import { memberConfig } from '../../src/daemon/member.ts'
import { Routing } from '../../src/daemon/routing.ts'
import { Rib } from '../../src/rib/index.ts'
import { FAMILIES } from '../../wire/index.ts'

const ASN = 64512
const result = parseConfig(
  `speaker: { asn: ${ASN}, routerId: 10.0.0.1 }
peerRanges: [{ name: nodes, prefix: 10.0.0.0/16, asn: ${ASN} }, { name: gone, prefix: 10.1.0.0/16, asn: ${ASN} }]`,
  'test.yaml',
)
if (!result.ok) throw new Error('the configuration of the test is wrong')
const { config } = result
/** Withdrawn Routes Length 255 in a message of four octets: the session must be reset with 3/1. */
const MALFORMED = Uint8Array.of(0, 255, 0, 0)

function resetOne(routing: Routing, range: string, address: string): string {
  const description = config.peerRanges.find(({ name }) => name === range)
  if (description === undefined) throw new Error(`no range ${range}`)
  const member = memberConfig(description, address)
  routing.join(member, range)
  const terms = { localAsn: ASN, peerAsn: ASN, routerId: 1, holdTimeS: 90, families: FAMILIES }
  const negotiated = negotiate(terms, localOpen({ ...terms, routerId: 2 }))
  if (!negotiated.ok) throw new Error(negotiated.error.reason)
  const endpoints = { local: Uint8Array.of(10, 0, 0, 1), remote: Uint8Array.of(10, 0, 0, 2) }
  const session = routing.established(member.name, negotiated.value, endpoints)
  expect(routing.update(session, MALFORMED, 0, MALFORMED.length)).toMatchObject({ code: 3, subcode: 1 })
  return member.name
}

it('the count of sessions ended over malformed updates stays over a reload, and goes with the member or its range', () => {
  const routing = new Routing(new Rib({ asn: ASN, routerId: 1, seed: 1, reserve: 64 }), config)
  const member = resetOne(routing, 'nodes', '10.0.0.2')
  const other = resetOne(routing, 'gone', '10.1.0.2')
  routing.configure(config)
  expect(routing.resets(member)).toBe(1)
  routing.leave(member)
  expect(routing.resets(member)).toBe(0)
  expect(routing.rangeResets('nodes')).toBe(1)
  routing.leave(other)
  routing.configure({ ...config, peerRanges: config.peerRanges.filter(({ name }) => name === 'nodes') })
  expect([routing.rangeResets('nodes'), routing.rangeResets('gone')]).toEqual([1, 0])
})
