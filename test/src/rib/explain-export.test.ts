/** Why a session is told a path or not: what is explained is what happens. */
import { describe, expect, it } from 'vitest'
import { compilePolicy, type Policy } from '../../../src/policy/index.ts'
import type { RibPeer, Telling } from '../../../src/rib/index.ts'
import { IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer, prefix } from '../../support/rib-fixture.ts'
import type { TestAttributes } from '../../support/rib-wire.ts'

const P = '10.1.0.0/16'
const external = { kind: 'ebgp', asn: 65099 } as const
const policy = (terms: Policy['terms'], otherwise: Policy['otherwise'] = 'accept') =>
  compilePolicy({ name: 'out', terms, otherwise })
const inTen = { prefixes: [{ prefix: prefix('10.0.0.0/8'), minLength: 8, maxLength: 32 }] }
const send = { 'ipv4-unicast': { receive: false, send: true } }

function tellingsOf(fixture: Fixture, name: string): Telling[] {
  return (fixture.rib.explain(prefix(P))?.tellings ?? []).filter(({ peerName }) => peerName === name)
}

describe('a session', () => {
  it.each<[string | undefined, Partial<RibPeer>, Partial<RibPeer>, Partial<TestAttributes>]>([
    [undefined, {}, {}, {}],
    ['family not negotiated', {}, { families: [IPV6_UNICAST] }, {}],
    ['no route', { importPolicy: policy([], 'reject') }, {}, {}],
    ['community no-advertise', {}, {}, { communities: [0xffffff02] }],
    ['community no-export', {}, external, { communities: [0xffffff01] }],
    ['not reflected', { reflectorClient: false }, { reflectorClient: false }, {}],
    ['clients are meshed', {}, { clientToClient: false }, {}],
    ['rejected by policy', {}, { exportPolicy: policy([{ match: inTen, action: 'reject' }]) }, {}],
    ['no own next hop', {}, { nextHopSelf: true, localAddress: new Uint8Array(16), families: [IPV4_UNICAST] }, {}],
    ['attributes too long', {}, {}, { communities: Array.from({ length: 1020 }, (_, i) => i) }],
  ])('is told, or not because of: %s', (reason, from, to, more) => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1, { maxLength: 65535, ...from }))
    const target = fixture.join(peer(2, to))
    fixture.send(source, { announced4: [key(P)], attributes: attributes(more) })
    fixture.settle()
    expect(tellingsOf(fixture, 'peer 2')[0]?.reason).toBe(reason)
    expect(fixture.told(target)).toEqual(reason === undefined ? [`+${key(P)}`] : [])
    expect(tellingsOf(fixture, 'peer 2')[0]?.isPending).toBe(false)
  })

  it('is not told its own route', () => {
    const fixture = new Fixture()
    fixture.announce(fixture.join(peer(1)), [P])
    expect(tellingsOf(fixture, 'peer 1')).toMatchObject([{ reason: 'its own route', path: 0 }])
  })

  it('may not know yet', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const target = fixture.join(peer(2))
    fixture.send(source, { announced4: [key(P)], attributes: attributes() })
    expect(tellingsOf(fixture, 'peer 2')).toMatchObject([{ isPending: true }])
    fixture.settle()
    expect(tellingsOf(fixture, 'peer 2')).toMatchObject([{ isPending: true }])
    fixture.read(target)
    expect(tellingsOf(fixture, 'peer 2')).toMatchObject([{ isPending: false }])
  })

  it('learns which term of its policy decides, and what that changes', () => {
    const fixture = new Fixture()
    const source = fixture.join(peer(1))
    const exportPolicy = policy([
      { match: {}, set: { med: 5 }, action: 'next' },
      { name: 'tens', match: inTen, set: { localPref: 7 }, action: 'accept' },
    ])
    fixture.join(peer(2, { exportPolicy }))
    fixture.announce(source, [P])
    expect(tellingsOf(fixture, 'peer 2')[0]?.exported).toEqual({
      decidedBy: 'out, term 2 (tens)',
      isAccepted: true,
      edits: { localPref: 7, med: 5 },
    })
  })

  it.each<[NonNullable<RibPeer['addPathSend']>, (string | undefined)[]]>([
    ['all', [undefined, undefined]],
    [1, [undefined, 'not among the paths that are told']],
    ['multipath', [undefined, 'not among the paths that are told']],
  ])('that takes several paths (%s) is explained each, with the identifier of the wire', (addPathSend, reasons) => {
    const fixture = new Fixture()
    for (const n of [1, 2]) fixture.announce(fixture.join(peer(n)), [P], { localPref: 200 - n })
    fixture.announce(fixture.join(peer(3, { importPolicy: policy([], 'reject') })), [P])
    const reader = fixture.join(peer(4, { addPath: send, addPathSend }), { isNew: true })
    const told = fixture.read(reader)
    const tellings = tellingsOf(fixture, 'peer 4')
    expect(tellings.map(({ reason }) => reason)).toEqual(reasons)
    const ids = tellings.flatMap(({ reason, pathId }) => (reason === undefined ? `${key(P)} ${pathId}` : []))
    expect(told.flatMap(({ announced }) => announced).toSorted()).toEqual(ids.toSorted())
  })
})

describe('a path', () => {
  it('learns what import policy made of it', () => {
    const fixture = new Fixture()
    const importPolicy = policy([{ name: 'tens', match: inTen, set: { med: 9 }, action: 'accept' }])
    const limits = { 'ipv4-unicast': { accepted: 1, action: 'block' as const } }
    const one = fixture.join(peer(1, { importPolicy }))
    const two = fixture.join(peer(2, { importPolicy: policy([{ match: inTen, action: 'reject' }]) }))
    const three = fixture.join(peer(3, { limits }))
    const four = fixture.join(peer(4))
    fixture.announce(one, [P])
    fixture.announce(two, [P])
    fixture.announce(three, ['10.2.0.0/16', P])
    fixture.announce(four, [P], { path: [64512] })
    const paths = fixture.rib.explain(prefix(P))?.paths ?? []
    const imported = Object.fromEntries(paths.map(path => [path.view.peerName, path.imported]))
    expect(imported).toEqual({
      'peer 1': { decidedBy: 'out, term 1 (tens)', isAccepted: true, edits: { med: 9 }, isBlockedByLimit: false },
      'peer 2': { decidedBy: 'out, term 1', isAccepted: false, edits: {}, isBlockedByLimit: false },
      'peer 3': { decidedBy: 'accept-all, otherwise', isAccepted: true, edits: {}, isBlockedByLimit: true },
      'peer 4': undefined,
    })
  })
})
