/**
 * Reflection hierarchies with BIRD 2, FRR and GoBGP in every place (RFC 4456): clients of godwit, fellow reflector of its cluster, reflector above it,
 * and client of that one.
 *
 *            top (cluster 2) ──── leaf          godwit and `fellow` share cluster 1 and are clients of `top`;
 *            /          \                       a BIRD, an FRR and a GoBGP are clients of both.
 *        godwit ────── fellow                   Three times, so that each daemon is once in each place.
 *         / | \        / | \
 *      bird frr gobgp (the same)
 *
 * INTEROP: GoBGP 3.10 tells non-clients its clients' routes without ORIGINATOR_ID and CLUSTER_LIST, so as a fellow it stands apart: only the clients
 * peer with it. Towards clients it puts its cluster id on its own routes too. BIRD 2.0.12 looks for its cluster in CLUSTER_LIST on sessions with clients
 * only, and so keeps what has passed its cluster as a worse path.
 *
 * Every speaker has one route of its own in each family, and all must end with all: same next hop, same attributes, the right ORIGINATOR_ID, and
 * a CLUSTER_LIST in which no cluster is twice. What godwit said is read from the wire.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from '../../src/lab/process.ts'
import { describeDaemons } from '../support/daemons/describe.ts'
import {
  addressOf,
  type Family,
  type HeldRoute,
  Lan,
  type LanMember,
  type LanSession,
  marksOf,
  ownPrefix,
} from '../support/daemons/lan.ts'
import { until } from '../support/daemons/link.ts'
import { DAEMON_KINDS } from '../support/daemons/port.ts'
import { announcedBy, attributesTold, type WireMessage } from '../support/daemons/tap.ts'

const ASN = 64512
const OUR_CLUSTER = '10.77.1.1'
const TOP_CLUSTER = '10.77.1.2'
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']
const CLIENTS: readonly string[] = DAEMON_KINDS.map(kind => `c-${kind}`)

function hierarchy({ fellow, top, leaf }: (typeof LANS)[number]): Lan {
  const isApart = fellow === 'gobgp'
  const members: LanMember[] = [
    { name: 'godwit', number: 1, kind: 'godwit', clusterId: OUR_CLUSTER },
    { name: 'fellow', number: 2, kind: fellow, clusterId: OUR_CLUSTER, isSilent: isApart },
    { name: 'top', number: 3, kind: top, clusterId: TOP_CLUSTER },
    { name: 'leaf', number: 4, kind: leaf },
    ...DAEMON_KINDS.map((kind, index) => ({ name: `c-${kind}`, number: 11 + index, kind })),
  ]
  const sessions: LanSession[] = [
    ...(isApart ? [] : [{ ends: ['godwit', 'fellow'] as const }]),
    ...(isApart ? ['godwit', 'leaf'] : ['godwit', 'fellow', 'leaf']).map(client => ({
      ends: ['top', client] as const,
      client,
    })),
    ...['godwit', 'fellow'].flatMap(reflector =>
      CLIENTS.map(client => ({ ends: [reflector, client] as const, client })),
    ),
  ]
  return new Lan({ asn: ASN, members, sessions })
}

const LANS = [
  { fellow: 'bird', top: 'frr', leaf: 'gobgp' },
  { fellow: 'frr', top: 'gobgp', leaf: 'bird' },
  { fellow: 'gobgp', top: 'bird', leaf: 'frr' },
] as const

type Role = 'client' | 'reflector' | 'top' | 'leaf'
const roleOf = (name: string): Role =>
  CLIENTS.includes(name)
    ? 'client'
    : name === 'godwit' || name === 'fellow'
      ? 'reflector'
      : name === 'top'
        ? 'top'
        : 'leaf'

/**
 * The CLUSTER_LISTs a route of one may have at another, by where they stand; '' is none. What has passed cluster 1 is refused by its reflectors, so
 * they know their clients' routes first hand; each other's they also hear back from the top, and tell their clients.
 */
const CLUSTERS: Readonly<Record<Role, Readonly<Record<Role, readonly string[]>>>> = {
  client: {
    client: [OUR_CLUSTER],
    reflector: [''],
    top: [OUR_CLUSTER],
    leaf: [`${TOP_CLUSTER} ${OUR_CLUSTER}`],
  },
  reflector: { client: ['', OUR_CLUSTER], reflector: ['', TOP_CLUSTER], top: [''], leaf: [TOP_CLUSTER] },
  top: { client: [OUR_CLUSTER], reflector: [''], top: [], leaf: [''] },
  leaf: { client: [`${OUR_CLUSTER} ${TOP_CLUSTER}`], reflector: [TOP_CLUSTER], top: [''], leaf: [] },
}

function clustersBetween(from: LanMember, to: LanMember): readonly string[] {
  const lists = CLUSTERS[roleOf(from.name)][roleOf(to.name)]
  if (to.kind === 'bird' && roleOf(to.name) === 'reflector' && roleOf(from.name) === 'client') {
    return [...lists, OUR_CLUSTER, `${TOP_CLUSTER} ${OUR_CLUSTER}`]
  }
  if (from.kind !== 'gobgp' || from.clusterId === undefined) return lists
  return lists.flatMap(list => [list, `${list} ${from.clusterId}`.trim()])
}

/** What one member must hold of another's route, on every path it has of it. */
function faultsOf(held: readonly HeldRoute[], from: LanMember, to: LanMember, family: Family): string[] {
  const prefix = ownPrefix(from, family)
  const paths = held.filter(route => route.prefix === prefix)
  const place = `${to.name}: ${prefix} of ${from.name}`
  if (paths.length === 0) return [`${place} is missing`]
  const { med, communities, largeCommunities } = marksOf(from)
  const wanted = {
    nextHop: addressOf(from, family),
    asPath: '',
    med,
    localPref: 100,
    communities,
    // godwit's policies cannot add large communities.
    largeCommunities: from.kind === 'godwit' ? [] : largeCommunities,
  }
  return paths.flatMap(path => {
    const clusters = path.clusterList.join(' ')
    const seen = Object.fromEntries(Object.keys(wanted).map(key => [key, path[key as keyof typeof wanted]]))
    const originator = path.originatorId ?? 'none'
    const rightOriginator = clusters === '' ? 'none' : addressOf(from, 'ipv4')
    return [
      ...(JSON.stringify(seen) === JSON.stringify(wanted) ? [] : [`${place} is ${JSON.stringify(seen)}`]),
      ...(clustersBetween(from, to).includes(clusters) ? [] : [`${place} came through "${clusters}"`]),
      ...(originator === rightOriginator ? [] : [`${place} has originator ${originator}`]),
    ]
  })
}

async function faults(lan: Lan): Promise<string[]> {
  const lists = lan.plan.members.map(async to => {
    const held = await lan.held(to)
    return lan.plan.members
      .filter(from => from !== to && from.isSilent !== true)
      .filter(from => to.isSilent !== true || CLIENTS.includes(from.name))
      .flatMap(from => FAMILIES.flatMap(family => faultsOf(held, from, to, family)))
  })
  return (await Promise.all(lists)).flat()
}

const updates = (messages: readonly WireMessage[]): WireMessage[] =>
  messages.filter(({ content }) => content.type === 'update')

describeDaemons('reflection', () => {
  const lans = LANS.map(hierarchy)
  beforeAll(() => Promise.all(lans.map(lan => lan.start())))
  afterAll(() => Promise.all(lans.map(lan => lan.stop())))

  describe.each(LANS.map((places, index) => ({ ...places, index })))(
    '$fellow beside godwit, $top above, $leaf there',
    ({ index }) => {
      const lan = lans[index] ?? hierarchy(LANS[0])
      const godwit = lan.member('godwit')

      it('all seven hold the routes of all others with the same attributes, both families', async () => {
        await until('all routes everywhere as they must be', async () => {
          const list = await faults(lan)
          return list.length === 0 || `${list.length} faults\n${list.slice(0, 12).join('\n')}`
        })
      })

      it('nobody hears its own route, and then all are silent', async () => {
        for (const member of lan.plan.members) {
          const held = await lan.held(member)
          const own = FAMILIES.map(family => ownPrefix(member, family))
          expect(held.filter(({ prefix }) => own.includes(prefix))).toEqual([])
        }
        const before = updates(await lan.tap('godwit').messages()).length
        await pause(3000)
        expect(updates(await lan.tap('godwit').messages())).toHaveLength(before)
      })

      it.each(CLIENTS)('what %s takes back is gone everywhere, not kept alive between reflectors', async name => {
        const from = lan.member(name)
        const own = FAMILIES.map(family => ownPrefix(from, family))
        const daemon = lan.daemon(name)
        for (const prefix of own) await daemon.withdraw(prefix)
        await until('nobody holds them', async () => {
          const held = await Promise.all(
            lan.plan.members.map(async member => [member.name, await lan.held(member)] as const),
          )
          const left = held.filter(([, routes]) => routes.some(({ prefix }) => own.includes(prefix)))
          return left.length === 0 || `still at ${left.map(([member]) => member).join(', ')}`
        })
        for (const prefix of own) await daemon.announce({ prefix, ...marksOf(from) })
        await until('all routes everywhere again', async () => {
          const list = await faults(lan)
          return list.length === 0 || `${list.length} faults\n${list.slice(0, 12).join('\n')}`
        })
      })

      it('godwit reflects attributes unchanged but for ORIGINATOR_ID and its cluster put in front, on the wire', async () => {
        const messages = await lan.tap('godwit').messages()
        let compared = 0
        for (const family of FAMILIES) {
          const us = addressOf(godwit, family)
          for (const from of CLIENTS.map(name => lan.member(name))) {
            const prefix = ownPrefix(from, family)
            const peer = addressOf(from, family)
            const heard = attributesTold(
              messages.filter(message => message.from.address === peer),
              prefix,
            )
            for (const to of lan
              .neighboursOf('godwit')
              .map(({ member }) => member)
              .filter(({ name }) => name !== from.name)) {
              const theirs = addressOf(to, family)
              const mine = messages.filter(message => message.from.address === us && message.to.address === theirs)
              const told = attributesTold(mine, prefix)
              // Which of a link-local pair may be told on is for the two ends of a link (RFC 2545 3).
              const nextHop = heard?.['next-hop']?.split(' ')[0]
              const changed = {
                'next-hop': nextHop,
                'originator-id': addressOf(from, 'ipv4'),
                'cluster-list': OUR_CLUSTER,
              }
              expect({ to: to.name, prefix, ...told }).toEqual({ to: to.name, prefix, ...heard, ...changed })
              compared += 1
            }
          }
        }
        expect(compared).toBe(FAMILIES.length * CLIENTS.length * (lan.neighboursOf('godwit').length - 1))
      })

      it('godwit tells nobody a route in whose CLUSTER_LIST its cluster is twice, nor a peer its own route', async () => {
        const messages = await lan.tap('godwit').messages()
        const ours = updates(messages).filter(({ from }) =>
          FAMILIES.some(family => from.address === addressOf(godwit, family)),
        )
        expect(ours.length).toBeGreaterThan(20)
        for (const message of ours) {
          const list = message.content.attributes?.find(({ type }) => type === 'cluster-list')?.text.split(' ') ?? []
          expect(new Set(list).size).toBe(list.length)
          const to = lan.plan.members.find(member =>
            FAMILIES.some(family => addressOf(member, family) === message.to.address),
          )
          const own = to === undefined ? [] : FAMILIES.map(family => ownPrefix(to, family))
          expect(announcedBy(message).filter(prefix => own.includes(prefix))).toEqual([])
        }
        expect(messages.flatMap(({ problems }) => problems)).toEqual([])
      })
    },
  )
})
