/**
 * A node between its mesh and two top-of-rack routers, as Calico's BGPPeer to a ToR sets it up: eBGP with a password and TTL security to FRR, iBGP to
 * a BIRD node, both families. Who is told which next hop, AS path, MED and communities, and what must not be told at all; read from the others'
 * tables and from the wire.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../src/lab/command.ts'
import { describeDaemons } from '../support/daemons/describe.ts'
import {
  addressOf,
  type Family,
  type HeldRoute,
  Lan,
  type LanMember,
  marksOf,
  ownPrefix,
} from '../support/daemons/lan.ts'
import { until } from '../support/daemons/link.ts'
import { announcedBy, attributesTold } from '../support/daemons/tap.ts'

const NODE_ASN = 64512
const TOR_A_ASN = 65001
const TOR_B_ASN = 4_200_065_002
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']

/** Prepended twice before it left the ToR. */
const FAR = { ipv4: '198.51.100.0/24', ipv6: '2001:db8:64::/48' } as const
/** From the mesh with NO_EXPORT: not for a ToR. */
const SECRET = { ipv4: '198.51.101.0/24', ipv6: '2001:db8:65::/48' } as const

const lan = new Lan({
  asn: NODE_ASN,
  members: [
    { name: 'godwit', number: 1, kind: 'godwit' },
    {
      name: 'node',
      number: 2,
      kind: 'bird',
      routes: FAMILIES.map(family => ({ prefix: SECRET[family], communities: ['65535:65281'] })),
    },
    {
      name: 'tor-a',
      number: 3,
      kind: 'frr',
      asn: TOR_A_ASN,
      routes: FAMILIES.map(family => ({
        prefix: FAR[family],
        asPath: [65077, 65077],
        med: 5,
        communities: ['65001:5'],
      })),
    },
    { name: 'tor-b', number: 4, kind: 'frr', asn: TOR_B_ASN },
  ],
  sessions: [
    { ends: ['godwit', 'node'] },
    { ends: ['godwit', 'tor-a'], isSecured: true },
    { ends: ['godwit', 'tor-b'], isSecured: true },
  ],
})

const [godwit, node, torA, torB] = ['godwit', 'node', 'tor-a', 'tor-b'].map(name => lan.member(name)) as [
  LanMember,
  LanMember,
  LanMember,
  LanMember,
]

async function heldBy(member: LanMember, prefix: string): Promise<HeldRoute | undefined> {
  const find = async () => (await lan.held(member)).find(route => route.prefix === prefix)
  await until(`${prefix} at ${member.name}`, async () => (await find()) !== undefined)
  return find()
}

/** What godwit put on the wire for one of its neighbours. */
async function toldTo(member: LanMember, prefix: string, family: Family): Promise<Record<string, string> | undefined> {
  const read = async () =>
    attributesTold(await lan.tap('godwit').sent(addressOf(godwit, family), addressOf(member, family)), prefix)
  await until(`${prefix} to ${member.name} in the capture`, async () => (await read()) !== undefined)
  return read()
}

describeDaemons('ToR', () => {
  beforeAll(() => lan.start())
  afterAll(() => lan.stop())

  it.each(FAMILIES)('%s: the sessions to both ToRs are signed, as ss sees them', async family => {
    for (const tor of [torA, torB]) {
      await heldBy(tor, ownPrefix(godwit, family))
      const address = addressOf(tor, family)
      const peer = family === 'ipv4' ? address : `[${address}]`
      const namespace = lan.namespaces.fullName('godwit')
      const sockets = await run('ip', ['netns', 'exec', namespace, 'ss', '-tniHO', 'state', 'established', 'dst', peer])
      expect(sockets).toContain(`md5keys:${address}/`)
      expect(sockets.trim().split('\n')).toHaveLength(1)
    }
  })

  it.each(FAMILIES)('%s: our route goes to the ToR with our AS, our next hop and no LOCAL_PREF', async family => {
    const prefix = ownPrefix(godwit, family)
    const { med, communities } = marksOf(godwit)
    expect(await heldBy(torA, prefix)).toMatchObject({
      asPath: String(NODE_ASN),
      nextHop: addressOf(godwit, family),
      med,
      communities,
      originatorId: null,
    })
    expect(Object.keys((await toldTo(torA, prefix, family)) ?? {})).not.toContain('local-pref')
  })

  it.each(FAMILIES)('%s: a route of the mesh goes to the ToR with our next hop, not the node’s', async family => {
    const route = await heldBy(torA, ownPrefix(node, family))
    expect(route).toMatchObject({ asPath: String(NODE_ASN), nextHop: addressOf(godwit, family) })
    // MED of a route that came over iBGP is told to a neighbouring AS only where policy says so (RFC 4271 5.1.4 leaves it open).
    expect(route?.communities).toEqual(marksOf(node).communities)
    expect(route?.largeCommunities).toEqual(marksOf(node).largeCommunities)
  })

  it.each(FAMILIES)('%s: a route of the ToR goes to the mesh as it came, with LOCAL_PREF 100', async family => {
    const expected = {
      asPath: `${TOR_A_ASN} 65077 65077`,
      nextHop: addressOf(torA, family),
      med: 5,
      localPref: 100,
      communities: ['65001:5'],
    }
    expect(await heldBy(node, FAR[family])).toMatchObject(expected)
    expect(await heldBy(godwit, FAR[family])).toMatchObject({ ...expected, localPref: null })
  })

  it.each(FAMILIES)(
    '%s: from one ToR to the other: our AS in front, prepends kept, its MED not passed on',
    async family => {
      expect(await heldBy(torB, FAR[family])).toMatchObject({
        asPath: `${NODE_ASN} ${TOR_A_ASN} 65077 65077`,
        nextHop: addressOf(godwit, family),
        med: null,
        communities: ['65001:5'],
      })
      const told = await toldTo(torB, FAR[family], family)
      expect(Object.keys(told ?? {}).toSorted()).toEqual(['as-path', 'communities', 'next-hop', 'origin'])
    },
  )

  it.each(FAMILIES)('%s: what the mesh marks NO_EXPORT is not told to a ToR', async family => {
    await heldBy(godwit, SECRET[family])
    for (const tor of [torA, torB]) {
      await heldBy(tor, ownPrefix(node, family))
      const told = await lan.tap('godwit').sent(addressOf(godwit, family), addressOf(tor, family))
      expect(told.flatMap(announcedBy)).not.toContain(SECRET[family])
    }
  })

  it('nobody was told a route back, and no message on the wire was malformed', async () => {
    for (const tor of [torA, torB]) {
      const own = FAMILIES.map(family => ownPrefix(tor, family))
      const held = await lan.held(tor)
      expect(held.filter(({ prefix }) => own.includes(prefix))).toEqual([])
    }
    const messages = await lan.tap('godwit').messages()
    expect(messages.flatMap(({ problems }) => problems)).toEqual([])
  })
})
