import { describe, expect, it } from 'vitest'
import { configFromObject } from '../../../src/config/index.ts'
import { birdConfig } from '../../../src/lab/bird-config.ts'
import { memberIpv4 } from '../../../src/lab/link.ts'
import { type Site, speakerConfig } from '../../../src/lab/speaker-config.ts'
import { fullMesh, type Member, reflected, type Topology } from '../../../src/lab/topology.ts'

const site: Site = { kernel: 'rtnetlink', port: 179, address: memberIpv4, socket: () => false }

function member(topology: Topology, name: string): Member {
  const found = topology.members.find(one => one.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

describe('a member’s configuration', () => {
  it.each([fullMesh(3), reflected(3, ['godwit', 'godwit'])])('is valid without a warning: $name', topology => {
    for (const self of topology.members) {
      expect(configFromObject(speakerConfig(topology, self, site))).toMatchObject({ ok: true, warnings: [] })
    }
  })

  it('lets a node tell workloads from the kernel only, and learn', () => {
    const mesh = fullMesh(2)
    const config = speakerConfig(mesh, member(mesh, 'node-1'), site)
    expect(config.kernel).toEqual({ backend: 'rtnetlink', protocol: 12, learn: true })
    expect(config.peers?.map(peer => peer.export)).toEqual(['workloads'])
    expect(config.policies?.['workloads']?.terms?.[0]?.match).toEqual({
      prefixes: ['10.65.0.0/16+', 'fd65::/32+'],
      sources: ['kernel'],
    })
  })

  it('gives a reflector its cluster, its clients and no kernel', () => {
    const cluster = reflected(2, ['godwit', 'godwit'])
    const config = speakerConfig(cluster, member(cluster, 'rr-1'), site)
    expect(config.kernel).toBeUndefined()
    expect(config.reflector).toEqual({ clusterId: '10.0.0.100' })
    const clients = config.peers?.filter(peer => peer.reflectorClient === true).map(peer => peer.name)
    expect(clients).toEqual(['node-1', 'node-2'])
  })
})

describe('BIRD’s configuration', () => {
  const cluster = reflected(2, ['bird', 'godwit'])

  it('makes the nodes clients and the other reflector an ordinary peer', () => {
    const protocols = birdConfig(cluster, member(cluster, 'rr-1')).split('protocol bgp ').slice(1)
    expect(protocols.map(text => [text.split(' ')[0], text.includes('rr client')])).toEqual([
      ['node_1', true],
      ['node_2', true],
      ['rr_2', false],
    ])
  })

  it('touches no kernel on a reflector, and both families’ tables on a node', () => {
    expect(birdConfig(cluster, member(cluster, 'rr-1'))).not.toContain('protocol kernel')
    expect(birdConfig(cluster, member(cluster, 'node-1')).match(/protocol kernel/g)).toHaveLength(2)
  })

  it('runs its sessions over IPv6 when the topology does', () => {
    const text = birdConfig({ ...fullMesh(2), transport: 'ipv6' }, member(cluster, 'node-1'))
    expect(text).toContain('local fd00:10::1 as 64512; neighbor fd00:10::2 as 64512;')
  })
})
