/**
 * The table of sessions every other speaker has to get through with godwit: how the session is set up on both sides, and what must
 * then be so. A daemon that lacks something has a row in `lacks` with the words for the table, and what its OPEN must show then: the
 * day a version can do it, that expectation fails. Called by `sessions.test.ts`.
 */
import { pause } from '../../src/lab/process.ts'
import { type DaemonLink, type LinkSession, until } from '../support/daemons/link.ts'
import type { DaemonKind, OwnRoute } from '../support/daemons/port.ts'
import { attributesTold, withdrawnBy } from '../support/daemons/tap.ts'
import {
  answersRefresh,
  marksOurAnswer,
  marksTheirAnswer,
  neverAnswers,
  neverAsks,
  obeysRefresh,
} from './refresh-checks.ts'
import { fail, MARKS, OUR_ROUTES, type Subject, same, THEIR_ROUTES, undisturbed, up } from './subject.ts'

export const OUR_ASN = 4_200_000_001
export const THEIR_ASN = 4_200_000_002
const AS_TRANS = 23_456
const BGP_PORT = 179
/** Capability codes: RFC 8654, RFC 7313. */
const EXTENDED_MESSAGES = 6
const ENHANCED_REFRESH = 70
const PASSWORD = 'k1-s3cret'
const HOLD_TIME_S = 3
const GOODBYE = 'rack 7 moves at noon, caf\u00e9 too'

export interface SessionCase {
  readonly name: string
  readonly session: Omit<LinkSession, 'name'>
  readonly check: (subject: Subject) => Promise<void>
  /** Daemons that cannot do it, and how the table says so. */
  readonly lacks?: Partial<Record<DaemonKind, string>>
  /** What is to be seen of a daemon that cannot: throws when it can after all. */
  readonly checkLack?: (subject: Subject) => Promise<void>
}

/** How its export policy marks what godwit tells of its own. */
export const OUR_POLICIES = {
  'own-out': {
    terms: [
      {
        match: { sources: ['static' as const] },
        set: { med: 30, addCommunities: [`65001:7`, '65001:8'] },
        action: 'accept' as const,
      },
    ],
    otherwise: 'reject' as const,
  },
}

const MANY = 1100
/**
 * What takes an UPDATE of more than 4,096 octets: many prefixes with the same attributes for FRR; many communities for BIRD, which never sends more
 * than 256 prefixes at a time.
 */
export const LONG_ROUTES: Readonly<Record<DaemonKind, readonly OwnRoute[]>> = {
  bird: [{ prefix: '20.1.0.0/24', communities: Array.from({ length: MANY }, (_, index) => `65002:${index}`) }],
  frr: Array.from({ length: MANY }, (_, index) => ({ prefix: `20.${index >> 8}.${index & 255}.0/24` })),
  gobgp: [],
}

async function staysDown({ link, name }: Subject): Promise<void> {
  for (let turn = 0; turn < 12; turn++) {
    const { state } = await link.peer(name)
    if (state === 'Established' || (await link.daemon.session(name)).isEstablished) fail('came up')
    await pause(500)
  }
}

/** Connections between the two on which somebody sent an OPEN: who dialled, once each. */
async function dialled({ link, ours, theirs }: Subject): Promise<Set<'us' | 'them'>> {
  const messages = await link.tap.messages()
  const opens = messages.filter(({ from, to, content }) => {
    const ends = [from.address, to.address]
    return content.type === 'open' && ends.includes(ours) && ends.includes(theirs)
  })
  return new Set(opens.map(({ from, to }) => ((to.port === BGP_PORT ? from : to).address === ours ? 'us' : 'them')))
}

/** Both dialled before either session was up, and one connection is left of it. */
async function collides(subject: Subject): Promise<void> {
  await up(subject)
  const sides = await dialled(subject)
  if (sides.size < 2) fail(`there was no collision: only ${[...sides].join('')} dialled`)
  await settles(subject)
}

/** Both dialled or not, there is one session, and it stays. */
async function settles(subject: Subject): Promise<void> {
  await up(subject)
  await undisturbed(subject, () => pause(2000))
}

async function holdsShort(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name } = subject
  same('the negotiated hold time', (await link.peer(name)).holdTimeS, HOLD_TIME_S)
  const before = await link.daemon.session(name)
  await undisturbed(subject, () => pause(HOLD_TIME_S * 2500))
  same('their session', (await link.daemon.session(name)).incarnation, before.incarnation)
}

async function hearsGoodbye(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  await link.daemon.shutDown(name, GOODBYE)
  await until('our side has their words', async () => {
    const { history } = await link.peer(name)
    return history.some(({ cause }) => cause.includes(GOODBYE)) || JSON.stringify(history.at(-1))
  })
  const cease = (await link.tap.sent(theirs, ours)).findLast(({ content }) => content.type === 'notification')
  same('the code of the NOTIFICATION', cease?.content.code, 6)
  await link.daemon.enable(name)
  await up(subject)
}

async function saysGoodbye(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name } = subject
  await link.order('disable', name, `&message=${encodeURIComponent(GOODBYE)}`)
  await until('their side has our words', async () => {
    const { lastWords } = await link.daemon.session(name)
    return lastWords.includes(GOODBYE) || lastWords
  })
  await pause(2000)
  same('the state here while disabled', (await link.peer(name)).state, 'Idle')
  await link.order('enable', name)
  await up(subject)
}

async function speaksFourOctets(subject: Subject): Promise<void> {
  await up(subject)
  const { link, ours, theirs } = subject
  for (const [from, to] of [[ours, theirs] as const, [theirs, ours] as const]) {
    const open = async () => (await link.tap.sent(from, to)).find(({ content }) => content.type === 'open')
    await until(`the OPEN of ${from} in the capture`, async () => (await open()) !== undefined)
    same(`My Autonomous System of ${from}`, (await open())?.content.asn, AS_TRANS)
  }
  const prefix = THEIR_ROUTES[0]?.prefix ?? ''
  await until('their route', async () =>
    (await link.routes(`?peer=${subject.name}`)).some(row => row.prefix === prefix),
  )
  const onWire = await told(link, [theirs, ours], prefix)
  same('AS_PATH on the wire', onWire?.['as-path'], `${THEIR_ASN} 65077`)
  const row = (await link.routes(`?peer=${subject.name}`)).find(route => route.prefix === prefix)
  same('the AS path here', row?.asPath, `${THEIR_ASN} 65077`)
}

/** The attributes one side put on the wire with a prefix, as soon as the capture has them. */
async function told(
  link: DaemonLink,
  [from, to]: readonly [string, string],
  prefix: string,
): Promise<Record<string, string> | undefined> {
  const read = async () => attributesTold(await link.tap.sent(from, to), prefix)
  await until(`${prefix} from ${from} in the capture`, async () => (await read()) !== undefined)
  return read()
}

/** Their route with all its attributes to us, ours to them: as configured, as on the wire, as each side sees the other's. */
const exchanges = (family: 'ipv4' | 'ipv6') => async (subject: Subject) => {
  await up(subject)
  const { link, name, ours, theirs } = subject
  const ourRoute = OUR_ROUTES[family]
  const theirRoute = THEIR_ROUTES[family === 'ipv4' ? 0 : 1]?.prefix ?? ''
  await until('their route here', async () =>
    (await link.routes(`?peer=${name}`)).some(({ prefix }) => prefix === theirRoute),
  )
  const row = (await link.routes(`?peer=${name}`)).find(({ prefix }) => prefix === theirRoute)
  same(
    'what we have of theirs',
    [row?.asPath, row?.med, row?.communities, row?.largeCommunities, row?.nextHop, row?.origin],
    [`${THEIR_ASN} 65077`, MARKS.med, MARKS.communities, MARKS.largeCommunities, theirs, 'igp'],
  )
  const toUs = await told(link, [theirs, ours], theirRoute)
  same('MED on the wire to us', toUs?.['med'], String(MARKS.med))
  same('the first next hop on the wire to us', toUs?.['next-hop']?.split(' ')[0], theirs)

  const fromUs = async () =>
    (await link.daemon.routes()).find(({ prefix, from }) => prefix === ourRoute && from === ours)
  await until('our route there', async () => (await fromUs()) !== undefined)
  const there = await fromUs()
  same(
    'what they have of ours',
    [there?.asPath, there?.med, there?.communities, there?.nextHop, there?.origin],
    [String(OUR_ASN), 30, ['65001:7', '65001:8'], ours, 'igp'],
  )
  const toThem = await told(link, [ours, theirs], ourRoute)
  same('the attributes we put on the wire', Object.keys(toThem ?? {}).toSorted(), [
    'as-path',
    'communities',
    'med',
    'next-hop',
    'origin',
  ])
  same('AS_PATH on the wire from us', toThem?.['as-path'], String(OUR_ASN))
}

async function followsChanges(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  const prefix = '203.0.113.128/25'
  const here = async () => (await link.routes(`?peer=${name}`)).find(row => row.prefix === prefix)
  await link.daemon.announce({ prefix, med: 1 })
  await until('their new route here', async () => (await here())?.med === 1)
  await link.daemon.announce({ prefix, med: 2 })
  await until('the changed one here', async () => (await here())?.med === 2)
  await link.daemon.withdraw(prefix)
  await until('it gone here', async () => (await here()) === undefined)
  const said = async () => (await link.tap.sent(theirs, ours)).some(message => withdrawnBy(message).includes(prefix))
  await until('the withdrawal in the capture', said)
}

/** Capability codes in the last OPEN one side sent. */
async function capabilitiesOf(link: DaemonLink, from: string, to: string): Promise<number[]> {
  const open = (await link.tap.sent(from, to)).findLast(({ content }) => content.type === 'open')
  return (open?.content.capabilities ?? []).map(({ code }) => code)
}

async function sendsLongMessages(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  same('extended messages in our OPEN', (await capabilitiesOf(link, ours, theirs)).includes(EXTENDED_MESSAGES), true)
  same('extended messages in their OPEN', (await capabilitiesOf(link, theirs, ours)).includes(EXTENDED_MESSAGES), true)
  const longest = async () => Math.max(...(await link.tap.sent(theirs, ours)).map(({ content }) => content.length))
  await until('a message of more than 4,096 octets', async () => (await longest()) > 4096 || String(await longest()))
  const routes = LONG_ROUTES[link.plan.kind]
  const isHere = async () => {
    const rows = new Map((await link.routes(`?peer=${name}`)).map(row => [row.prefix, row]))
    return routes.every(({ prefix, communities = [] }) => rows.get(prefix)?.communities.length === communities.length)
  }
  await undisturbed(subject, () => until('all its routes here', isHere))
}

const doesNotOffer = (capability: number) => async (subject: Subject) => {
  await up(subject)
  const offered = await capabilitiesOf(subject.link, subject.theirs, subject.ours)
  if (offered.length === 0 || offered.includes(capability)) fail(`it offers ${offered.join(', ')}`)
}

const COLLISION = {
  check: collides,
  lacks: { gobgp: 'collision resolution: it drops the second connection unread; the session comes up' },
  checkLack: settles,
} as const
const NO_ENHANCED = {
  lacks: { gobgp: 'enhanced refresh (RFC 7313)' },
  checkLack: doesNotOffer(ENHANCED_REFRESH),
} as const
const BOTH_OF_OURS = { import: 'accept-all', export: 'own-out' } as const
const near = { ttlSecurity: 1 } as const

export const SESSION_CASES: readonly SessionCase[] = [
  { name: 'Established over IPv4, both dialling', session: {}, check: up },
  { name: 'Established over IPv6, both dialling', session: { isIpv6: true }, check: up },
  { name: 'Established over IPv4, we dial', session: { theirs: { isPassive: true } }, check: up },
  { name: 'Established over IPv6, we dial', session: { isIpv6: true, theirs: { isPassive: true } }, check: up },
  { name: 'Established over IPv4, they dial', session: { ours: { passive: true } }, check: up },
  { name: 'Established over IPv6, they dial', session: { isIpv6: true, ours: { passive: true } }, check: up },
  { name: 'simultaneous start over IPv4: a collision, one session', session: {}, ...COLLISION },
  { name: 'simultaneous start over IPv6: a collision, one session', session: { isIpv6: true }, ...COLLISION },
  { name: 'MD5 over IPv4', session: { ours: { password: PASSWORD }, theirs: { password: PASSWORD } }, check: up },
  {
    name: 'MD5 over IPv6',
    session: { isIpv6: true, ours: { password: PASSWORD }, theirs: { password: PASSWORD } },
    check: up,
  },
  {
    name: 'MD5 with another key: stays down',
    session: { ours: { password: PASSWORD }, theirs: { password: 'k2-s3cret' } },
    check: staysDown,
  },
  { name: 'GTSM over IPv4', session: { ours: near, theirs: { hasTtlSecurity: true } }, check: up },
  { name: 'GTSM over IPv6', session: { isIpv6: true, ours: near, theirs: { hasTtlSecurity: true } }, check: up },
  {
    name: 'GTSM and MD5 over IPv6, they dial',
    session: {
      isIpv6: true,
      ours: { ...near, password: PASSWORD, passive: true },
      theirs: { hasTtlSecurity: true, password: PASSWORD },
    },
    check: up,
  },
  { name: 'GTSM here, TTL 1 there: stays down', session: { ours: near }, check: staysDown },
  {
    name: 'hold time 3 s, kept',
    session: { ours: { holdTime: HOLD_TIME_S }, theirs: { holdTimeS: HOLD_TIME_S } },
    check: holdsShort,
  },
  { name: 'their shutdown text is read here', session: {}, check: hearsGoodbye },
  { name: 'our shutdown text is read there', session: {}, check: saysGoodbye },
  { name: 'AS numbers of four octets', session: { ours: { import: 'accept-all' } }, check: speaksFourOctets },
  {
    name: 'extended messages: more than 4,096 octets arrive',
    session: { ours: { import: 'accept-all' } },
    check: sendsLongMessages,
    lacks: { gobgp: 'extended messages (RFC 8654)' },
    checkLack: doesNotOffer(EXTENDED_MESSAGES),
  },
  { name: 'routes and attributes both ways, IPv4', session: { ours: BOTH_OF_OURS }, check: exchanges('ipv4') },
  {
    name: 'routes and attributes both ways, IPv6',
    session: { isIpv6: true, ours: BOTH_OF_OURS },
    check: exchanges('ipv6'),
  },
  { name: 'a route comes, changes and goes', session: { ours: { import: 'accept-all' } }, check: followsChanges },
  {
    name: 'they ask for a refresh',
    session: { ours: BOTH_OF_OURS },
    check: answersRefresh,
    lacks: { gobgp: 'a command that sends ROUTE-REFRESH: softresetin reads its own Adj-RIB-In again' },
    checkLack: neverAsks,
  },
  {
    name: 'we ask for a refresh',
    session: { ours: { import: 'accept-all' } },
    check: obeysRefresh,
  },
  {
    name: 'they ask for an enhanced refresh: we mark begin and end',
    session: { ours: { ...BOTH_OF_OURS, routeRefresh: 'enhanced' } },
    check: marksOurAnswer,
    ...NO_ENHANCED,
  },
  {
    name: 'we ask for an enhanced refresh: they mark begin and end',
    session: { ours: { import: 'accept-all', routeRefresh: 'enhanced' } },
    check: marksTheirAnswer,
    lacks: {
      ...NO_ENHANCED.lacks,
      frr: 'an answer to those who offer enhanced refresh without graceful restart (FRRouting/frr#16126)',
    },
    checkLack: subject => (subject.link.plan.kind === 'frr' ? neverAnswers(subject) : NO_ENHANCED.checkLack(subject)),
  },
]
