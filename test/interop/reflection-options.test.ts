/**
 * Reflection with options (RFC 4456), beside BIRD: clients that are meshed among themselves, several clusters on one reflector, and loops by each of them.
 *
 *        mesh1 ─── mesh2        godwit reflects for cluster 1 without telling its clients about each other, which peer themselves,
 *           \       /           and for cluster 9 together with `fellow`, a BIRD; the two are no clients of each other.
 *            godwit ─── fellow
 *                 \      /      INTEROP: BIRD 2.0.12 looks for its cluster in CLUSTER_LIST on sessions with clients only, so
 *                  shared       `fellow` keeps what comes back from godwit as a worse path.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeDaemons } from '../support/daemons/describe.ts'
import { addressOf, type Family, Lan, ownPrefix } from '../support/daemons/lan.ts'
import { until } from '../support/daemons/link.ts'
import { announcedBy } from '../support/daemons/tap.ts'

const FIRST = '10.77.1.1'
const NINTH = '10.77.1.9'
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']

describeDaemons('reflection with options', () => {
  const lan = new Lan({
    asn: 64512,
    members: [
      { name: 'godwit', number: 1, kind: 'godwit', clusterId: FIRST, hasMeshedClients: true },
      { name: 'fellow', number: 2, kind: 'bird', clusterId: NINTH },
      { name: 'mesh1', number: 11, kind: 'bird' },
      { name: 'mesh2', number: 12, kind: 'bird' },
      { name: 'shared', number: 13, kind: 'bird' },
    ],
    sessions: [
      { ends: ['godwit', 'fellow'] },
      { ends: ['mesh1', 'mesh2'] },
      { ends: ['godwit', 'mesh1'], client: 'mesh1' },
      { ends: ['godwit', 'mesh2'], client: 'mesh2' },
      { ends: ['godwit', 'shared'], client: 'shared', clusterId: NINTH },
      { ends: ['fellow', 'shared'], client: 'shared' },
    ],
  })
  beforeAll(() => lan.start())
  afterAll(() => lan.stop())

  /** The paths one has of another's route, as `teller: CLUSTER_LIST`. */
  async function paths(to: string, from: string, family: Family): Promise<string[]> {
    const prefix = ownPrefix(lan.member(from), family)
    const held = (await lan.held(lan.member(to))).filter(route => route.prefix === prefix)
    return held.map(route => `${tellerOf(route.from)}: ${route.clusterList.join(' ')}`.trim()).toSorted()
  }

  const tellerOf = (from: string): string =>
    lan.plan.members.find(
      member =>
        FAMILIES.some(family => addressOf(member, family) === from) ||
        [`${member.name}v4`, `${member.name}v6`].includes(from),
    )?.name ?? from

  it.each(FAMILIES)('every route gets everywhere, through the clusters it must pass, over %s', async family => {
    const wanted: Readonly<Record<string, readonly string[]>> = {
      // From its mesh alone: the reflector does not tell.
      'mesh2 mesh1': ['mesh1:'],
      'mesh1 mesh2': ['mesh2:'],
      // Between clusters, both ids; the one of the source's cluster was there first.
      'shared mesh1': [`fellow: ${NINTH} ${FIRST}`, `godwit: ${NINTH} ${FIRST}`],
      'mesh1 shared': [`godwit: ${FIRST} ${NINTH}`],
      'mesh1 fellow': [`godwit: ${FIRST}`],
      'godwit shared': ['shared:'],
      'fellow mesh1': [`godwit: ${FIRST}`],
    }
    await until('the paths of all', async () => {
      const seen: Record<string, string[]> = {}
      for (const place of Object.keys(wanted)) {
        const [to = '', from = ''] = place.split(' ')
        seen[place] = await paths(to, from, family)
      }
      return JSON.stringify(seen) === JSON.stringify(wanted) || JSON.stringify(seen)
    })
  })

  it.each(FAMILIES)('what passed the other cluster of ours is a loop, kept and shown, over %s', async family => {
    const prefix = ownPrefix(lan.member('shared'), family)
    await until('the route that comes back', async () => {
      const rejected = await lan.rejected(lan.member('godwit'))
      const copy = rejected.find(route => route.prefix === prefix)
      const seen = [copy?.peer, copy?.unusable, copy?.clusterList.join(' ')]
      return seen.join() === [`fellow${family === 'ipv4' ? 'v4' : 'v6'}`, 'loop', NINTH].join() || seen.join()
    })
  })

  it('on the wire no meshed client ever heard of the other from the reflector', async () => {
    const messages = await lan.tap('godwit').messages()
    let told = 0
    for (const [from, to] of [
      ['mesh1', 'mesh2'],
      ['mesh2', 'mesh1'],
    ] as const) {
      for (const family of FAMILIES) {
        const heard = messages.filter(message => message.to.address === addressOf(lan.member(to), family))
        const prefixes = heard.flatMap(announcedBy)
        expect(prefixes).not.toContain(ownPrefix(lan.member(from), family))
        told += prefixes.length
      }
    }
    expect(told).toBeGreaterThan(4)
    expect(messages.flatMap(({ problems }) => problems)).toEqual([])
  })
})
