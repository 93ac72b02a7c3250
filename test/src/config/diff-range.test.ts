/** What a reload does to ranges of peers, and to passwords of peers and ranges. */
import { describe, expect, it } from 'vitest'
import { planReload } from '../../../src/config/diff.ts'
import { type Config, Password, parseConfig } from '../../../src/config/index.ts'
import { summarisePlan } from '../../../src/config/plan-text.ts'

const NODES = '  - { name: nodes, prefix: 10.0.0.0/16, asn: 64512, limit: 10 }\n'
const RACKS =
  '  - { name: racks, prefix: 10.1.0.0/16, asn: [65001, 65002], import: accept-all, export: spare, password: k1 }\n'
const BASE = `
speaker: { asn: 64512, routerId: 10.0.0.1 }
reflector: {}
policies: { spare: { otherwise: accept } }
peers:
  - { name: tor, address: 10.9.0.1, asn: 64512, password: k1 }
  - { name: bare, address: 10.9.0.2, asn: 64512 }
peerRanges:
${NODES}${RACKS}`

function load(text: string): Config {
  const result = parseConfig(text, 'test.yaml')
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  return result.config
}

/** The plan of BASE with `from` replaced by `to`. */
function plan(from: string, to: string) {
  if (!BASE.includes(from)) throw new Error(`${from} is not in the base`)
  return planReload(load(BASE), load(BASE.replace(from, to)))
}

describe('a range of peers', () => {
  it.each<[string, string, string]>([
    ['read again', 'asn', 'asn'],
    ['with the ranges in another order', NODES + RACKS, RACKS + NODES],
    ['with the AS numbers in another order, and one of them twice', '[65001, 65002]', '[65002, 65001, 65002]'],
    ['with a default spelled out', 'limit: 10', 'limit: 10, holdTime: 90, nextHopSelf: false'],
  ])('%s: nothing changes', (_, from, to) => {
    expect(summarisePlan(plan(from, to))).toBe('nothing changes; 2 peers untouched')
  })

  it.each<[string, string, string, string, string, 'none' | 'refresh' | 'reset']>([
    ['limit', 'nodes', 'limit: 10', 'limit: 11', 'peerRanges[nodes].limit', 'none'],
    ['prefix', 'nodes', '10.0.0.0/16', '10.0.0.0/17', 'peerRanges[nodes].prefix', 'reset'],
    ['asn', 'racks', '[65001, 65002]', '[65001, 65003]', 'peerRanges[racks].asn', 'reset'],
    ['holdTime', 'nodes', 'limit: 10', 'limit: 10, holdTime: 9', 'peerRanges[nodes].holdTime', 'reset'],
    ['a policy', 'racks', 'otherwise: accept', 'otherwise: reject', 'policies.spare', 'refresh'],
    ['the key', 'racks', 'spare, password: k1', 'spare, password: k2', 'peerRanges[racks].password', 'none'],
    ['having a key', 'racks', 'spare, password: k1', 'spare', 'peerRanges[racks].password', 'reset'],
    [
      'tcpUserTimeout',
      'nodes',
      'limit: 10',
      'limit: 10, tcpUserTimeout: 9',
      'peerRanges[nodes].tcpUserTimeout',
      'reset',
    ],
  ])('%s: only that range is touched', (_key, name, from, to, path, action) => {
    const { ranges, peers, impact } = plan(from, to)
    expect(ranges.find(range => range.name === name)).toEqual({ name, action, because: [path] })
    expect(ranges.filter(range => range.name !== name)).toMatchObject([{ action: 'none', because: [] }])
    expect(peers.every(peer => peer.action === 'none' && peer.because.length === 0)).toBe(true)
    expect(impact).toBe(action)
  })

  it('comes without an impact and goes with that of a reset', () => {
    expect(plan(NODES, '')).toMatchObject({ impact: 'reset', ranges: [{}, { name: 'nodes', action: 'remove' }] })
    const added = planReload(load(BASE.replace(NODES, '')), load(BASE))
    expect(added).toMatchObject({ impact: 'none', ranges: [{ name: 'nodes', action: 'add' }, { action: 'none' }] })
    expect(summarisePlan(added)).toBe('1 peer range added; 2 peers untouched')
  })
})

describe('a password of a peer', () => {
  it.each<[string, string, string, 'none' | 'reset']>([
    ['another one', '64512, password: k1', '64512, password: k2', 'none'],
    ['none any more', '64512, password: k1', '64512', 'reset'],
    ['one for the first time', '10.9.0.2, asn: 64512', '10.9.0.2, asn: 64512, password: k1', 'reset'],
    ['one from a file in place of it', '64512, password: k1', '64512, passwordFile: /k', 'none'],
  ])('%s', (_, from, to, impact) => {
    expect(plan(from, to).impact).toBe(impact)
  })

  it('that another content of its file has brought is told by the name of the file', () => {
    const config = load(BASE.replace('64512, password: k1', '64512, passwordFile: /k'))
    const read = (text: string): Config => {
      const password = new Password(new TextEncoder().encode(text))
      return { ...config, peers: config.peers.map(peer => (peer.name === 'tor' ? { ...peer, password } : peer)) }
    }
    expect(planReload(read('k1'), read('k1')).peers[0]).toEqual({ name: 'tor', action: 'none', because: [] })
    const because = ['peers[tor].passwordFile']
    expect(planReload(read('k1'), read('k2')).peers[0]).toEqual({ name: 'tor', action: 'none', because })
  })
})
