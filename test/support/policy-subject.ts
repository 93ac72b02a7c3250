/** Routes as policies see them, from what a test says about a route. */
import type { PolicySubject } from '../../src/policy/index.ts'
import type { Prefix } from '../../wire/prefix.ts'
import { AttributeSummary, summarise } from '../../wire/summary.ts'
import { attributeBytes, type TestAttributes } from './rib-wire.ts'

/** What a route has besides prefix and attributes; by default it is of a neighbour that nobody knows. */
export type RouteOrigin = Partial<Pick<PolicySubject, 'source' | 'peer' | 'local'>>

/** Some octets in front, so that whoever forgets `start` is found out. */
const LEAD = [0xc0, 8, 4, 0, 0, 0, 1]

export function policySubject(prefix: Prefix, attributes: TestAttributes, origin: RouteOrigin = {}): PolicySubject {
  const bytes = Uint8Array.from([...LEAD, ...attributeBytes(attributes, { fourOctetAs: true })])
  const summary = new AttributeSummary()
  summarise(bytes, LEAD.length, bytes.length, summary)
  const { family, words, length } = prefix
  const [address0 = 0, address1 = 0, address2 = 0, address3 = 0] = words
  return {
    ...{ family, address0, address1, address2, address3, length },
    ...{ source: 'bgp', peer: undefined, local: undefined, ...origin },
    ...{ bytes, start: LEAD.length, attributes: summary },
  }
}

/** What policies and peers take for granted. */
export const PLAIN: TestAttributes = { origin: 0, path: [], nextHop: '0a000201' }
