/**
 * How many paths of a prefix godwit tells (RFC 7911): all, the best two, or the multipath set, to BIRD 2, FRR and GoBGP at once. Four borders in ASes of their
 * own give godwit one prefix, one of them by a longer way. Checked in everybody's table and on the wire, and again when a border withdraws and another moves up.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeDaemons } from '../support/daemons/describe.ts'
import { addressOf, type Family, Lan, type LanMember } from '../support/daemons/lan.ts'
import { until } from '../support/daemons/link.ts'
import { pathsTold } from '../support/daemons/tap.ts'

const PREFIXES: Readonly<Record<Family, string>> = { ipv4: '198.18.3.0/24', ipv6: '2001:db8:c::/48' }
const border = (number: number, asPath: readonly number[] = []): LanMember => ({
  name: `border${number}`,
  number,
  kind: 'bird',
  asn: 65000 + number,
  isSilent: true,
  routes: Object.values(PREFIXES).map(prefix => ({ prefix, ...(asPath.length > 0 && { asPath }) })),
})
const BORDERS = [border(21), border(22), border(23), border(24, [65099])]
const PATHS = ['65021', '65022', '65023', '65024 65099'] as const

/** Who is told how many, and which those are: at first, and without the first border. */
const READERS = [
  { name: 'bird', kind: 'bird', addPathSend: 2, first: [0, 1], later: [1, 2] },
  { name: 'frr', kind: 'frr', addPathSend: 'multipath', first: [0, 1, 2], later: [1, 2] },
  { name: 'gobgp', kind: 'gobgp', addPathSend: 'all', first: [0, 1, 2, 3], later: [1, 2, 3] },
  { name: 'bird3', kind: 'bird', addPathSend: 3, first: [0, 1, 2], later: [1, 2, 3] },
] as const
const CASES = READERS.flatMap(reader => (['ipv4', 'ipv6'] as const).map(family => ({ ...reader, family })))

describeDaemons('a limit of paths told', () => {
  const godwit: LanMember = { name: 'godwit', number: 1, kind: 'godwit', isSilent: true, multipath: 8 }
  const lan = new Lan({
    asn: 64512,
    members: [
      godwit,
      ...READERS.map(({ name, kind }, index): LanMember => ({ name, number: 2 + index, kind, isSilent: true })),
      ...BORDERS,
    ],
    sessions: [
      ...READERS.map(({ name, addPathSend }) => ({ ends: ['godwit', name] as const, addPath: true, addPathSend })),
      ...BORDERS.map(({ name }) => ({ ends: ['godwit', name] as const })),
    ],
  })
  beforeAll(() => lan.start())
  afterAll(() => lan.stop())

  async function holds(name: string, family: Family, paths: readonly number[]): Promise<void> {
    const wanted = paths.map(index => PATHS[index] ?? '').toSorted()
    const to = lan.member(name)
    await until(`${name} holds ${wanted.join(' and ')} over ${family}`, async () => {
      const rows = (await lan.held(to)).filter(({ prefix }) => prefix === PREFIXES[family])
      const sent = await lan.tap('godwit').sent(addressOf(godwit, family), addressOf(to, family))
      const wire = [...pathsTold(sent, PREFIXES[family]).values()].toSorted()
      const seen = [rows.map(({ asPath }) => asPath).toSorted(), wire]
      return seen.every(list => list.join() === wanted.join()) || JSON.stringify(seen)
    })
  }

  it.each(CASES)('$name is told $addPathSend over $family', async ({ name, family, first }) => {
    await holds(name, family, first)
  })

  describe('when the best path goes', () => {
    beforeAll(async () => {
      for (const prefix of Object.values(PREFIXES)) await lan.daemon('border21').withdraw(prefix)
    })

    it.each(CASES)('$name is told $addPathSend of what is left over $family', async ({ name, family, later }) => {
      await holds(name, family, later)
    })

    it('the paths that stayed kept their identifiers, and no message was malformed', async () => {
      const messages = await lan.tap('godwit').messages()
      for (const { name, family } of CASES) {
        const to = addressOf(lan.member(name), family)
        const sent = messages.filter(
          message => message.to.address === to && message.from.address === addressOf(godwit, family),
        )
        const ids = new Map<string, Set<number>>()
        for (let count = 1; count <= sent.length; count++) {
          for (const [id, path] of pathsTold(sent.slice(0, count), PREFIXES[family])) {
            ids.set(path, (ids.get(path) ?? new Set()).add(id))
          }
        }
        expect([...ids.values()].map(set => set.size)).toEqual(Array.from(ids, () => 1))
      }
      expect(messages.flatMap(({ problems }) => problems)).toEqual([])
    })
  })
})
