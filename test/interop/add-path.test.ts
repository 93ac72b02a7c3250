/**
 * Several paths of one prefix (RFC 7911), received from and told to BIRD 2, FRR and GoBGP, on one LAN in one AS: two borders give every daemon the
 * same prefix, two others give godwit another one, and each tells both paths to the other side over iBGP. Checked in everybody's table and on the
 * wire, for both families: identifiers, and that losing one path loses no more than that one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeDaemons } from '../support/daemons/describe.ts'
import { addressOf, type Family, type HeldRoute, Lan, type LanMember } from '../support/daemons/lan.ts'
import { until } from '../support/daemons/link.ts'
import { DAEMON_KINDS, type DaemonKind } from '../support/daemons/port.ts'
import { pathsTold } from '../support/daemons/tap.ts'

const ASN = 64512
/** Told by two borders to the daemons, and by two to godwit. */
const THEIRS: Readonly<Record<Family, string>> = { ipv4: '198.18.1.0/24', ipv6: '2001:db8:a::/48' }
const OURS: Readonly<Record<Family, string>> = { ipv4: '198.18.2.0/24', ipv6: '2001:db8:b::/48' }

const border = (name: string, number: number, prefixes: Readonly<Record<Family, string>>): LanMember => ({
  name,
  number,
  kind: 'bird',
  asn: 65000 + number,
  isSilent: true,
  routes: Object.values(prefixes).map(prefix => ({ prefix })),
})
const godwit: LanMember = { name: 'godwit', number: 1, kind: 'godwit', isSilent: true }
const daemons = DAEMON_KINDS.map((kind, index): LanMember => ({ name: kind, number: 2 + index, kind, isSilent: true }))
const theirBorders = [border('theirs1', 11, THEIRS), border('theirs2', 12, THEIRS)]
const ourBorders = [border('ours1', 21, OURS), border('ours2', 22, OURS)]
const asnOf = ({ asn }: LanMember): string => String(asn)

const CASES = DAEMON_KINDS.flatMap(kind => (['ipv4', 'ipv6'] as const).map(family => ({ kind, family })))

describeDaemons('several paths of a prefix (RFC 7911)', () => {
  const lan = new Lan({
    asn: ASN,
    members: [godwit, ...daemons, ...theirBorders, ...ourBorders],
    sessions: [
      ...daemons.map(({ name }) => ({ ends: ['godwit', name] as const, addPath: true })),
      ...theirBorders.flatMap(({ name }) => daemons.map(daemon => ({ ends: [daemon.name, name] as const }))),
      ...ourBorders.map(({ name }) => ({ ends: ['godwit', name] as const })),
    ],
  })
  const member = (kind: DaemonKind): LanMember => lan.member(kind)

  /** What one holds of a prefix from another. */
  async function held(by: LanMember, from: LanMember, family: Family, prefix: string): Promise<HeldRoute[]> {
    const names = [addressOf(from, family), `${from.name}${family === 'ipv4' ? 'v4' : 'v6'}`]
    return (await lan.held(by)).filter(route => route.prefix === prefix && names.includes(route.from))
  }
  const told = async (from: LanMember, to: LanMember, family: Family, prefix: string): Promise<Map<number, string>> =>
    pathsTold(await lan.tap('godwit').sent(addressOf(from, family), addressOf(to, family)), prefix)

  /** One end has these AS paths from the other, each with the identifier the wire gave it, and no other. */
  async function arrives(from: LanMember, to: LanMember, family: Family, asPaths: readonly string[]): Promise<void> {
    const prefix = (from === godwit ? OURS : THEIRS)[family]
    await until(`${from.name} to ${to.name}: ${prefix} by way of ${asPaths.join(' and ')}`, async () => {
      const rows = await held(to, from, family, prefix)
      const wire = await told(from, to, family, prefix)
      const seen = [rows.map(({ asPath }) => asPath).toSorted(), [...wire.values()].toSorted()]
      return seen.every(paths => paths.join() === asPaths.join()) || JSON.stringify({ rows, wire: [...wire] })
    })
    const wire = await told(from, to, family, prefix)
    for (const { pathId, asPath, nextHop } of await held(to, from, family, prefix)) {
      // INTEROP: BIRD 2.0.12 shows no identifiers, nor does GoBGP 3.10 in its JSON.
      if (to.kind === 'bird' || to.kind === 'gobgp') expect(pathId).toBeNull()
      else expect(wire.get(pathId ?? -1)).toBe(asPath)
      const teller = [...theirBorders, ...ourBorders].find(each => asnOf(each) === asPath)
      expect(teller && addressOf(teller, family)).toBe(nextHop)
    }
  }

  /** INTEROP: GoBGP 3.10 does not always say that one of two paths is gone; what it has said is what we hold, the other path in any case. */
  async function keepsWhatIsTold(from: LanMember, family: Family): Promise<void> {
    await until('what is on the wire, here', async () => {
      const wire = [...(await told(from, godwit, family, THEIRS[family])).values()].toSorted()
      const rows = (await held(godwit, from, family, THEIRS[family])).map(({ asPath }) => asPath).toSorted()
      return (rows.join() === wire.join() && rows.includes('65012')) || JSON.stringify({ rows, wire })
    })
  }

  beforeAll(() => lan.start())
  afterAll(() => lan.stop())

  it.each(CASES)('$kind tells two paths of a prefix over $family', async ({ kind, family }) => {
    await arrives(member(kind), godwit, family, theirBorders.map(asnOf))
  })

  it.each(CASES)('$kind is told two paths of a prefix over $family', async ({ kind, family }) => {
    await arrives(godwit, member(kind), family, ourBorders.map(asnOf))
  })

  describe('when one border withdraws', () => {
    const [first, left] = [0, 1] as const
    beforeAll(async () => {
      for (const [borders, prefixes] of [[theirBorders, THEIRS] as const, [ourBorders, OURS] as const]) {
        const { name } = borders[first] ?? godwit
        for (const prefix of Object.values(prefixes)) await lan.daemon(name).withdraw(prefix)
      }
    })

    it.each(CASES)('$kind takes back that path alone over $family', async ({ kind, family }) => {
      if (kind === 'gobgp') await keepsWhatIsTold(member(kind), family)
      else await arrives(member(kind), godwit, family, theirBorders.slice(left).map(asnOf))
    })

    it.each(CASES)('$kind loses that path alone over $family', async ({ kind, family }) => {
      await arrives(godwit, member(kind), family, ourBorders.slice(left).map(asnOf))
    })

    it('and then the other one, too, everybody takes back what is left, GoBGP included', async () => {
      const [, last] = theirBorders
      for (const prefix of Object.values(THEIRS)) await lan.daemon(last?.name ?? '').withdraw(prefix)
      for (const { kind, family } of CASES) await arrives(member(kind), godwit, family, [])
      for (const prefix of Object.values(THEIRS)) await lan.daemon(last?.name ?? '').announce({ prefix })
      for (const { kind, family } of CASES)
        await arrives(member(kind), godwit, family, [asnOf(theirBorders[1] ?? godwit)])
    })

    it('and comes back, both paths are there again', async () => {
      for (const [borders, prefixes] of [[theirBorders, THEIRS] as const, [ourBorders, OURS] as const]) {
        const { name } = borders[first] ?? godwit
        for (const prefix of Object.values(prefixes)) await lan.daemon(name).announce({ prefix })
      }
      for (const { kind, family } of CASES) {
        await arrives(member(kind), godwit, family, theirBorders.map(asnOf))
        await arrives(godwit, member(kind), family, ourBorders.map(asnOf))
      }
    })
  })

  it('no message on the wire was malformed', async () => {
    const messages = await lan.tap('godwit').messages()
    expect(messages.length).toBeGreaterThan(50)
    expect(messages.flatMap(({ problems }) => problems)).toEqual([])
  })
})
