import { describe, expect, it } from 'vitest'
import { birdRoutes } from '../../support/lab-bird-routes.ts'

const ANSWER = `Table master4:
0.0.0.0/0            unicast [kernel_ipv4 15:55:04.219] * (10)
	via 10.0.0.254 on eth0
10.65.1.1/32         unicast [kernel_ipv4 15:55:04.287] * (10)
	dev cali1a
10.65.2.1/32         unicast [node_2 15:55:05.025] * (100) [i]
	via 10.0.0.2 on eth0

Table master6:
fd65:0:2::1/128      unicast [node_2 15:55:05.072 from 10.0.0.2] * (100) [i]
	via fd00:10::2 on eth0
`

describe('what birdc shows', () => {
  it('reads as workload routes with their target, and nothing else', () => {
    expect(birdRoutes(ANSWER)).toEqual([
      { prefix: '10.65.1.1/32', owner: 'agent', device: 'cali1a' },
      { prefix: '10.65.2.1/32', owner: 'bgp', gateway: '10.0.0.2' },
      { prefix: 'fd65:0:2::1/128', owner: 'bgp', gateway: 'fd00:10::2' },
    ])
  })
})
