/**
 * The control API once said "BGP.as_path: 65001 65002" for an AS path, and the same for originator, cluster list and extended communities:
 * BIRD's whole line where only the value belongs. Found by the interop suites.
 */
import { expect, it } from 'vitest'
import { routeRow } from '../../src/daemon/route-row.ts'
import type { RouteView } from '../../src/rib/index.ts'
import { IPV4_UNICAST } from '../../wire/index.ts'

const VIEW: RouteView = {
  family: IPV4_UNICAST,
  prefix: '192.0.2.0/24',
  best: true,
  source: 'bgp',
  sourceId: 1,
  peerName: 'a',
  preference: 100,
  attributes: [
    { type: 'as-path', segments: [{ type: 'sequence', asns: [65001, 65002] }] },
    { type: 'originator-id', routerId: 0x0a000001 },
    { type: 'cluster-list', ids: [0x0a000009, 0x0a000008] },
  ],
}

it('AS path, originator and cluster list are values without the name of their attribute', () => {
  const row = routeRow(VIEW, () => undefined)
  expect(row.asPath).toBe('65001 65002')
  expect(row.originatorId).toBe('10.0.0.1')
  expect(row.clusterList).toEqual(['10.0.0.9', '10.0.0.8'])
})
