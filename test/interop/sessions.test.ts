/**
 * The session matrix: every case of `session-cases.ts` with BIRD 2, FRR and GoBGP, each daemon one process with one session a case. All
 * cases of all daemons run at the same time; the table is printed as it came out, with what a daemon lacks said in words.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../../src/lab/command.ts'
import { describeDaemons, versions } from '../support/daemons/describe.ts'
import { DaemonLink } from '../support/daemons/link.ts'
import { DAEMON_KINDS, type DaemonKind } from '../support/daemons/port.ts'
import { cells, printTable } from '../support/daemons/table.ts'
import { LONG_ROUTES, OUR_ASN, OUR_POLICIES, SESSION_CASES, type SessionCase, THEIR_ASN } from './session-cases.ts'
import { OUR_ROUTES, THEIR_ROUTES } from './subject.ts'

const linkTo = (kind: DaemonKind): DaemonLink =>
  new DaemonLink({
    kind,
    ourAsn: OUR_ASN,
    theirAsn: THEIR_ASN,
    sessions: SESSION_CASES.map(({ session }, index) => ({ name: `p${index}`, ...session })),
    routes: [...THEIR_ROUTES, ...LONG_ROUTES[kind]],
    config: {
      policies: OUR_POLICIES,
      statics: Object.values(OUR_ROUTES).map(prefix => ({ prefix, blackhole: true })),
    },
  })

/** How a case went: the word for the table, and the error if it was one. */
interface Outcome {
  readonly word: string
  readonly error?: unknown
}

async function runCase(link: DaemonLink, each: SessionCase, index: number): Promise<Outcome> {
  const name = `p${index}`
  const subject = { link, name, ours: link.ourAddress(name), theirs: link.theirAddress(name) }
  const lack = each.lacks?.[link.plan.kind]
  try {
    await (lack === undefined ? each.check(subject) : each.checkLack?.(subject))
    return { word: lack === undefined ? 'yes' : `lacks ${lack}` }
  } catch (error) {
    return { word: 'FAILED', error }
  }
}

describeDaemons('sessions', () => {
  const links = new Map(DAEMON_KINDS.map(kind => [kind, linkTo(kind)]))
  const outcomes = new Map<DaemonKind, readonly Outcome[]>()

  beforeAll(async () => {
    const runs = [...links].map(async ([kind, link]) => {
      await link.startTogether()
      outcomes.set(kind, await Promise.all(SESSION_CASES.map((each, index) => runCase(link, each, index))))
    })
    await Promise.all(runs)
    const rows = SESSION_CASES.map(({ name }, index) => [name, ...cells(kind => outcomes.get(kind)?.[index]?.word)])
    printTable(['case', ...cells(kind => `${kind} ${versions[kind]}`)], rows)
  })
  afterAll(async () => {
    await Promise.all([...links.values()].map(link => link.stop()))
  })

  it.each(SESSION_CASES.flatMap(({ name }, index) => DAEMON_KINDS.map(kind => ({ name, index, kind }))))(
    '$kind: $name',
    ({ kind, index }) => {
      const outcome = outcomes.get(kind)?.[index]
      expect(outcome?.error).toBeUndefined()
      expect(outcome?.word).toMatch(/^(yes|lacks )/)
    },
  )

  it('nothing on any of the wires was malformed', async () => {
    for (const link of links.values()) {
      const messages = await link.tap.messages()
      expect(messages.length).toBeGreaterThan(100)
      expect(messages.flatMap(({ problems }) => problems.map(({ reason }) => reason))).toEqual([])
      // INTEROP: tshark 4.0 takes everything above 4,096 octets for malformed, RFC 8654 or not.
      const filter = '_ws.malformed && !(bgp.length > 4096)'
      expect(await run('tshark', ['-n', '-r', link.tap.file, '-Y', filter])).toBe('')
    }
  })
})
