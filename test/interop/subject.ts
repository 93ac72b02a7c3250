/**
 * What a case of the session matrix has in hand: the session between godwit and one daemon, the routes both have of their own, and the steps
 * most checks begin with. Shared by `session-cases.ts`, `refresh-checks.ts` and `add-path.test.ts`.
 */
import type { DaemonLink } from '../support/daemons/link.ts'
import { until } from '../support/daemons/link.ts'
import type { OwnRoute } from '../support/daemons/port.ts'

/** A session of one case between godwit and one daemon. */
export interface Subject {
  readonly link: DaemonLink
  readonly name: string
  readonly ours: string
  readonly theirs: string
}

/** What godwit tells of its own on the sessions that exchange routes, and how its export policy marks it. */
export const OUR_ROUTES = { ipv4: '192.0.2.0/24', ipv6: '2001:db8:1::/48' } as const
export const MARKS = {
  med: 9,
  communities: ['65002:8', '65002:9'],
  largeCommunities: ['4200000002:5:6'],
  asPath: [65077],
}
export const THEIR_ROUTES: readonly OwnRoute[] = [
  { prefix: '203.0.113.0/24', ...MARKS },
  { prefix: '2001:db8:2::/48', ...MARKS },
]

export const fail = (sentence: string): never => {
  throw new Error(sentence)
}
export const same = (what: string, seen: unknown, wanted: unknown): void => {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)]
  if (a !== b) fail(`${what} is ${a}, not ${b}`)
}

export const up = ({ link, name }: Subject): Promise<void> => until('Established on both sides', () => link.isUp(name))

/** Does something in which the session must not end. */
export async function undisturbed({ link, name }: Subject, work: () => Promise<void>): Promise<void> {
  const before = link.endsOf(name).length
  await work()
  same('what ended sessions here meanwhile', link.endsOf(name).slice(before), [])
  same('the state here', (await link.peer(name)).state, 'Established')
}
