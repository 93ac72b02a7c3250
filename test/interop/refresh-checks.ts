/**
 * ROUTE-REFRESH in the session matrix (RFC 2918, RFC 7313): who asks, who answers, whether the answer stands between marks; and what is to be
 * seen of daemons that cannot. Every check reads the capture. Called by `session-cases.ts`.
 */
import { pause } from '../../src/lab/process.ts'
import { type DaemonLink, until } from '../support/daemons/link.ts'
import { announcedBy, type WireMessage } from '../support/daemons/tap.ts'
import { fail, OUR_ROUTES, type Subject, same, THEIR_ROUTES, undisturbed, up } from './subject.ts'

const isRefresh = ({ content }: WireMessage): boolean =>
  content.type === 'route-refresh' && (content.subtype ?? 0) === 0

export async function answersRefresh(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  const ourRoute = OUR_ROUTES.ipv4
  const tellings = async () =>
    (await link.tap.sent(ours, theirs)).filter(message => announcedBy(message).includes(ourRoute)).length
  await until('our route on the wire', async () => (await tellings()) > 0)
  const before = await tellings()
  await undisturbed(subject, async () => {
    await link.daemon.askAgain(name)
    await until('their ROUTE-REFRESH on the wire', async () => (await link.tap.sent(theirs, ours)).some(isRefresh))
    await until('our route once more', async () => (await tellings()) > before)
  })
}

/** They tell their routes again when we ask, and the session and the routes stay. */
export async function obeysRefresh(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  const { prefix = '' } = THEIR_ROUTES[0] ?? {}
  const tellings = async () =>
    (await link.tap.sent(theirs, ours)).filter(message => announcedBy(message).includes(prefix)).length
  await until('their route on the wire', async () => (await tellings()) > 0)
  const before = await tellings()
  await undisturbed(subject, async () => {
    await link.order('refresh', name)
    await until('our ROUTE-REFRESH on the wire', async () => (await link.tap.sent(ours, theirs)).some(isRefresh))
    await until('their route once more', async () => (await tellings()) > before)
  })
  const rows = await link.routes(`?peer=${name}`)
  same(
    'their route afterwards',
    rows.some(row => row.prefix === prefix),
    true,
  )
}

export async function neverAnswers(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  await until('their routes here', async () => (await link.routes(`?peer=${name}`)).length > 0)
  await pause(2000)
  const before = (await link.tap.sent(theirs, ours)).length
  await link.order('refresh', name)
  await until('our ROUTE-REFRESH on the wire', async () => (await link.tap.sent(ours, theirs)).some(isRefresh))
  await pause(3000)
  const answer = (await link.tap.sent(theirs, ours)).slice(before).filter(({ content }) => content.type !== 'keepalive')
  if (answer.some(({ content }) => content.type === 'route-refresh')) fail('it answers after all')
}

/** The answer to a refresh stands between the marks of RFC 7313, on the wire. */
async function isMarked(link: DaemonLink, [from, to]: readonly [string, string], prefix: string): Promise<void> {
  const events = async () =>
    (await link.tap.sent(from, to)).flatMap(message => {
      const { type, subtype = 0 } = message.content
      if (type === 'route-refresh' && subtype > 0) return [subtype === 1 ? 'begin' : 'end']
      return announcedBy(message).includes(prefix) ? ['route'] : []
    })
  await until('begin, route, end on the wire', async () => {
    const text = (await events()).join(' ')
    return /begin (route )+end/.test(text) || text
  })
}

export async function marksOurAnswer(subject: Subject): Promise<void> {
  await answersRefresh(subject)
  const { link, ours, theirs } = subject
  await isMarked(link, [ours, theirs], OUR_ROUTES.ipv4)
}

export async function marksTheirAnswer(subject: Subject): Promise<void> {
  await obeysRefresh(subject)
  const { link, ours, theirs } = subject
  await isMarked(link, [theirs, ours], THEIR_ROUTES[0]?.prefix ?? '')
}

export async function neverAsks(subject: Subject): Promise<void> {
  await up(subject)
  const { link, name, ours, theirs } = subject
  await link.daemon.askAgain(name)
  await pause(3000)
  if ((await link.tap.sent(theirs, ours)).some(isRefresh)) fail('it sends ROUTE-REFRESH after all')
}
