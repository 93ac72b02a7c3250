import { describe, expect, it } from 'vitest'
import {
  extraPrefix,
  fullMesh,
  neighboursOf,
  nodesOf,
  podOf,
  podPrefixes,
  reflected,
  reflectorsOf,
  sessionsOf,
  type Topology,
} from '../../../src/lab/topology.ts'

describe('a full mesh', () => {
  const mesh = fullMesh(3, ['godwit', 'bird'])

  it('peers every node with every other, none as a client', () => {
    expect(peersByName(mesh)).toEqual({
      'node-1': ['node-2', 'node-3'],
      'node-2': ['node-1', 'node-3'],
      'node-3': ['node-1', 'node-2'],
    })
    expect(mesh.members.flatMap(self => neighboursOf(mesh, self)).some(({ isClient }) => isClient)).toBe(false)
  })

  it('has one session for each pair', () => {
    const pairs = sessionsOf(mesh).map(([one, other]) => `${one.name} ${other.name}`)
    expect(pairs).toEqual(['node-1 node-2', 'node-1 node-3', 'node-2 node-3'])
  })

  it('runs the software asked for, and godwit where nothing was asked', () => {
    expect(mesh.members.map(({ software }) => software)).toEqual(['godwit', 'bird', 'godwit'])
  })
})

describe('a cluster with two reflectors', () => {
  const cluster = reflected(3, ['godwit', 'bird'])

  it('peers nodes with reflectors only, and the reflectors with each other', () => {
    expect(peersByName(cluster)).toEqual({
      'node-1': ['rr-1', 'rr-2'],
      'node-2': ['rr-1', 'rr-2'],
      'node-3': ['rr-1', 'rr-2'],
      'rr-1': ['node-1', 'node-2', 'node-3', 'rr-2'],
      'rr-2': ['node-1', 'node-2', 'node-3', 'rr-1'],
    })
  })

  it('makes the nodes clients of the reflectors and the reflectors non-clients of each other (RFC 4456 5)', () => {
    for (const reflector of reflectorsOf(cluster)) {
      const clients = neighboursOf(cluster, reflector).filter(({ isClient }) => isClient)
      expect(clients.map(({ member }) => member.name)).toEqual(['node-1', 'node-2', 'node-3'])
    }
  })

  it('has seven sessions for three nodes', () => {
    expect(sessionsOf(cluster)).toHaveLength(7)
  })
})

describe('workload addresses', () => {
  const [node] = nodesOf(fullMesh(1))
  if (node === undefined) throw new Error('a mesh of one has a node')

  it('number pods by their first node', () => {
    expect(podPrefixes(podOf(node, 2))).toEqual(['10.65.1.2/32', 'fd65:0:1::2/128'])
    expect(podOf(node, 2).device).toBe('cali1b')
  })

  it.each([
    [0, '10.65.64.0/32'],
    [1, 'fd65:0:1:1::1/128'],
    [2, '10.65.64.1/32'],
    [512, '10.65.65.0/32'],
    [33, 'fd65:0:1:1::11/128'],
  ])('give extra workload %i the prefix %s', (index, prefix) => {
    expect(extraPrefix(node, index)).toBe(prefix)
  })

  it('never give two workloads one prefix', () => {
    const nodes = nodesOf(fullMesh(3))
    const all = nodes.flatMap(member => [
      ...[1, 2, 3].flatMap(index => podPrefixes(podOf(member, index))),
      ...Array.from({ length: 2000 }, (_, index) => extraPrefix(member, index)),
    ])
    expect(new Set(all).size).toBe(all.length)
  })
})

function peersByName(topology: Topology): Record<string, string[]> {
  const rows = topology.members.map(self => [self.name, neighboursOf(topology, self).map(({ member }) => member.name)])
  return Object.fromEntries(rows)
}
