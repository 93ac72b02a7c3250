import { describe, expect, it } from 'vitest'
import { IPV4_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'
import { readMessages } from '../../support/rib-wire.ts'

const [P, Q] = ['10.1.0.0/16', '10.2.0.0/16']
const [p, q] = [key(P), key(Q)]

type Id = ReturnType<Fixture['join']>

/** One pull: "BoRR", "EoRR", or prefixes and "end" as in Fixture.told; undefined when there is nothing. */
function pull(fixture: Fixture, id: Id): string | undefined {
  const lines: string[] = []
  const hasMore = fixture.rib.pull(id, bytes => {
    if (bytes[18] === 5) lines.push(['request', 'BoRR', 'EoRR'][bytes[21] ?? 0] ?? '?')
    else
      for (const { withdrawn, announced } of readMessages(bytes, { fourOctetAs: true }))
        lines.push(...withdrawn.map(one => `-${one}`), ...announced.map(one => `+${one}`))
  })
  return hasMore ? lines.sort().join(' ') || 'end' : undefined
}

function all(fixture: Fixture, id: Id): string[] {
  const pieces: string[] = []
  for (let piece = pull(fixture, id); piece !== undefined; piece = pull(fixture, id)) pieces.push(piece)
  return pieces
}

function start(more = {}) {
  const fixture = new Fixture()
  const source = fixture.join(peer(1, { families: [IPV4_UNICAST] }))
  fixture.announce(source, [P, Q])
  const reader = fixture.join(peer(2, { families: [IPV4_UNICAST], enhancedRefresh: true, ...more }), { isNew: true })
  return { fixture, source, reader }
}

describe('a refresh for a peer that negotiated marks (row 172, RFC 7313 4)', () => {
  it('is marked with its begin and its end', () => {
    const { fixture, reader } = start()
    expect(all(fixture, reader)).toEqual([`+${p} +${q}`, 'end'])
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(fixture.rib.hasOutput(reader)).toBe(true)
    expect(all(fixture, reader)).toEqual(['BoRR', `+${p} +${q}`, 'EoRR'])
    expect(fixture.rib.hasOutput(reader)).toBe(false)
  })

  it('has no marks for others', () => {
    const { fixture, reader } = start({ enhancedRefresh: false })
    all(fixture, reader)
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(all(fixture, reader)).toEqual([`+${p} +${q}`])
  })

  it('waits for End-of-RIB when the table is still on its way (row 174)', () => {
    const { fixture, reader } = start()
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(all(fixture, reader)).toEqual([`+${p} +${q}`, 'end', 'BoRR', `+${p} +${q}`, 'EoRR'])
  })

  it('is followed by another one that was asked for meanwhile, never mixed with it', () => {
    const { fixture, reader } = start()
    all(fixture, reader)
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(pull(fixture, reader)).toBe('BoRR')
    fixture.rib.refresh(reader, IPV4_UNICAST)
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(all(fixture, reader)).toEqual([`+${p} +${q}`, 'EoRR', 'BoRR', `+${p} +${q}`, 'EoRR'])
  })

  it('does not end before a route that waited for a flush was told as it is now', () => {
    const { fixture, source, reader } = start()
    all(fixture, reader)
    fixture.send(source, { announced4: [p], attributes: attributes({ med: 3 }) })
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(all(fixture, reader)).toEqual(['BoRR', `+${p} +${q}`])
    fixture.settle()
    expect(all(fixture, reader)).toEqual([`+${p}`, 'EoRR'])
  })

  it('is marked also when there is nothing to tell', () => {
    const fixture = new Fixture()
    const reader = fixture.join(peer(2, { families: [IPV4_UNICAST], enhancedRefresh: true }))
    fixture.rib.refresh(reader, IPV4_UNICAST)
    expect(all(fixture, reader)).toEqual(['BoRR', 'EoRR'])
  })
})
