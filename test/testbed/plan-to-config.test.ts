/** The script that the testbed's harnesses start: plans in, configurations that our own parser takes out. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/types.ts'
import { ACCEPT_ALL } from '../../src/policy/policy.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../wire/family.ts'
import { formatAddress } from '../../wire/prefix.ts'

const script = new URL('plan-to-config', import.meta.url).pathname
const directory = mkdtempSync(join(tmpdir(), 'godwit-plan-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function configOf(plan: unknown, ...flags: string[]): Config {
  const path = join(directory, 'plan.json')
  writeFileSync(path, JSON.stringify(plan))
  const result = parseConfig(execFileSync(script, [...flags, path], { encoding: 'utf8' }), 'plan')
  expect(result).toMatchObject({ ok: true, warnings: [] })
  if (!result.ok) throw new Error('unreachable')
  return result.config
}

const CONFORMANCE = {
  asn: 65000,
  routerId: '10.99.0.1',
  clusterId: '10.99.0.1',
  listen: { address: '10.99.0.1', port: 179 },
  holdTime: 90,
  families: ['ipv4', 'ipv6'],
  policy: 'accept-all',
  neighbors: [
    { name: 'p0', address: '10.99.0.4', asn: 65000, passive: true, multihop: false, routeReflectorClient: true },
    { name: 'p1', address: '10.99.0.5', asn: 65001, passive: true, multihop: false, routeReflectorClient: false },
  ],
}

describe('plan-to-config', () => {
  it('makes the conformance plan a reflector that accepts and tells everything, on eBGP too', () => {
    const config = configOf(CONFORMANCE)
    expect(config.speaker).toMatchObject({ asn: 65000, listen: [{ address: '10.99.0.1', port: 179 }], holdTimeS: 90 })
    expect(config.reflector).toEqual({ clusterId: 0x0a630001, clientToClient: true })
    expect(config.peers.map(peer => [peer.name, peer.passive, peer.reflectorClient, peer.import, peer.export])).toEqual(
      [
        ['p0', true, true, ACCEPT_ALL, ACCEPT_ALL],
        ['p1', true, false, ACCEPT_ALL, ACCEPT_ALL],
      ],
    )
    expect(formatAddress(config.peers[1]?.nextHops.ipv6 ?? new Uint8Array(4))).toBe('fd99::1')
  })

  it('keeps to itself: no kernel, no metrics, a socket beside the plan', () => {
    const config = configOf(CONFORMANCE)
    expect(config.kernel.backend).toBe('none')
    expect(config.api).toEqual({ socket: join(directory, 'godwit.sock') })
    expect(config.log.level).toBe('warn')
  })

  it('makes the benchmark plan of one family an IPv4 speaker with its own port and hold time', () => {
    const config = configOf({
      ...CONFORMANCE,
      asn: 64512,
      routerId: '10.0.0.1',
      listen: { address: '10.0.0.1', port: 1790 },
      holdTime: 240,
      families: ['ipv4'],
      neighbors: [
        { name: 'p0', address: '10.1.0.1', asn: 65001, passive: true, multihop: true, routeReflectorClient: false },
      ],
    })
    expect(config.speaker).toMatchObject({ listen: [{ address: '10.0.0.1', port: 1790 }], holdTimeS: 240 })
    expect(config.reflector).toBeUndefined()
    expect(config.peers[0]).toMatchObject({ families: [IPV4_UNICAST], nextHops: {}, holdTimeS: 240 })
  })

  it('gives the benchmark its IPv6 next hop', () => {
    const config = configOf({ ...CONFORMANCE, listen: { address: '10.0.0.1', port: 179 } })
    expect(config.peers[0]?.families).toEqual([IPV4_UNICAST, IPV6_UNICAST])
    expect(formatAddress(config.peers[0]?.nextHops.ipv6 ?? new Uint8Array(4))).toBe('fd00::1')
  })

  it('takes a thousand neighbours', () => {
    const neighbors = Array.from({ length: 1000 }, (_, i) => ({
      name: `p${i}`,
      address: `10.1.${i >> 8}.${i & 255}`,
      asn: 65000,
      passive: true,
      routeReflectorClient: true,
    }))
    expect(configOf({ ...CONFORMANCE, neighbors }).peers).toHaveLength(1000)
  })

  it('gives everybody an export policy of 20 rules by prefix on request, and leaves imports alone', () => {
    const [peer] = configOf(CONFORMANCE, '--export-rules').peers
    expect(peer?.import).toBe(ACCEPT_ALL)
    expect(peer?.export.terms).toHaveLength(20)
    expect(peer?.export.terms.every(({ match }) => match.prefixes !== undefined)).toBe(true)
  })

  it('refuses a policy it does not know', () => {
    expect(() => configOf({ ...CONFORMANCE, policy: 'reject-all' })).toThrow()
  })
})
