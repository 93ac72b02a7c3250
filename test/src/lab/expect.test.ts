import { describe, expect, it } from 'vitest'
import { differences, Ledger, type TableRoute } from '../../../src/lab/expect.ts'

const nodes = [
  { name: 'node-1', ipv4: '10.0.0.1', ipv6: 'fd00:10::1' },
  { name: 'node-2', ipv4: '10.0.0.2', ipv6: 'fd00:10::2' },
]

function ledgerWithOnePod(): Ledger {
  const ledger = new Ledger(nodes)
  ledger.place('10.65.1.1/32', 'node-1', 'cali1a')
  ledger.place('fd65:0:1::1/128', 'node-1', 'cali1a')
  return ledger
}

describe('the ledger', () => {
  it('wants a device route of the agent on the workload’s own node', () => {
    expect(ledgerWithOnePod().expectedOn('node-1')).toEqual([
      { prefix: '10.65.1.1/32', owner: 'agent', device: 'cali1a' },
      { prefix: 'fd65:0:1::1/128', owner: 'agent', device: 'cali1a' },
    ])
  })

  it('wants a BGP route through that node on the others, by the address of the prefix’s family', () => {
    expect(ledgerWithOnePod().expectedOn('node-2')).toEqual([
      { prefix: '10.65.1.1/32', owner: 'bgp', gateway: '10.0.0.1' },
      { prefix: 'fd65:0:1::1/128', owner: 'bgp', gateway: 'fd00:10::1' },
    ])
  })

  it('wants the route elsewhere once the workload moved', () => {
    const ledger = ledgerWithOnePod()
    ledger.place('10.65.1.1/32', 'node-2', 'cali1a')
    expect(ledger.expectedOn('node-1')).toContainEqual({ prefix: '10.65.1.1/32', owner: 'bgp', gateway: '10.0.0.2' })
  })

  it('wants nothing once the workload is gone', () => {
    const ledger = ledgerWithOnePod()
    ledger.remove('10.65.1.1/32')
    ledger.remove('fd65:0:1::1/128')
    expect(ledger.expectedOn('node-2')).toEqual([])
  })
})

describe('differences', () => {
  const expected: TableRoute[] = [{ prefix: '10.65.1.1/32', owner: 'bgp', gateway: '10.0.0.1' }]

  it('are none when the table is as it must be', () => {
    expect(differences('node-2', expected, [...expected])).toEqual([])
  })

  it.each<[string, TableRoute[], string[]]>([
    ['a missing route', [], ['node-2: missing 10.65.1.1/32 via 10.0.0.1 (bgp)']],
    [
      'a wrong gateway, as one missing and one too many',
      [{ prefix: '10.65.1.1/32', owner: 'bgp', gateway: '10.0.0.3' }],
      ['node-2: missing 10.65.1.1/32 via 10.0.0.1 (bgp)', 'node-2: must not have 10.65.1.1/32 via 10.0.0.3 (bgp)'],
    ],
    [
      'a route that should be gone',
      [...expected, { prefix: '10.65.9.9/32', owner: 'bgp', gateway: '10.0.0.9' }],
      ['node-2: must not have 10.65.9.9/32 via 10.0.0.9 (bgp)'],
    ],
  ])('name %s', (_, seen, sentences) => {
    expect(differences('node-2', expected, seen)).toEqual(sentences)
  })
})
