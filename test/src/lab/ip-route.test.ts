import { describe, expect, it } from 'vitest'
import { workloadRoutes } from '../../../src/lab/ip-route.ts'

describe('routes as ip -json tells them', () => {
  it.each([
    [
      'a BGP route',
      { dst: '10.65.2.1', gateway: '10.0.0.2', dev: 'eth0', protocol: 'bird', flags: [] },
      [{ prefix: '10.65.2.1/32', owner: 'bgp', gateway: '10.0.0.2' }],
    ],
    [
      'an agent’s route, whose protocol boot is left out',
      { dst: '10.65.1.1', dev: 'cali1a', scope: 'link', flags: [] },
      [{ prefix: '10.65.1.1/32', owner: 'agent', device: 'cali1a' }],
    ],
    [
      'an IPv6 host route',
      { dst: 'fd65:0:2::1', gateway: 'fd00:10::2', dev: 'eth0', protocol: 'bird', metric: 1024 },
      [{ prefix: 'fd65:0:2::1/128', owner: 'bgp', gateway: 'fd00:10::2' }],
    ],
    [
      'a block, with its length',
      { dst: '10.65.7.64/26', gateway: '10.0.0.2', dev: 'eth0', protocol: 'bird' },
      [{ prefix: '10.65.7.64/26', owner: 'bgp', gateway: '10.0.0.2' }],
    ],
    ['a default route, which is no workload', { dst: 'default', gateway: '10.0.0.254', dev: 'eth0' }, []],
  ])('include %s', (_, row, routes) => {
    expect(workloadRoutes([row])).toEqual(routes)
  })

  it('are refused when they are not a list of routes', () => {
    expect(() => workloadRoutes([{ gateway: '10.0.0.1' }])).toThrow()
  })
})
