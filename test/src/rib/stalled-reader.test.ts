/** One reader of two hundred stands still during churn: nobody else may notice, and it must not cost memory. */
import { describe, expect, it } from 'vitest'
import { IPV4_UNICAST } from '../../../wire/index.ts'
import { attributes, Fixture, key, peer } from '../../support/rib-fixture.ts'

const LOG_LIMIT = 30_000
const ROUNDS = 60
const ipv4 = { families: [IPV4_UNICAST] }
const prefixes = Array.from({ length: 1000 }, (_, i) => key(`10.${i >> 8}.${i & 255}.0/24`))

function start() {
  const fixture = new Fixture({ logLimit: LOG_LIMIT })
  const source = fixture.join(peer(1, ipv4))
  const readers = Array.from({ length: 200 }, (_, n) => fixture.join(peer(n + 2, ipv4)))
  let octets = 0
  const pull = (id: (typeof readers)[number]) => {
    let own = 0
    while (fixture.rib.pull(id, bytes => (own += bytes.length)));
    octets += own
    return own
  }
  /** All prefixes change; the readers but the first read at once. Returns what each of them got. */
  const churn = (med: number, who: readonly (typeof readers)[number][]) => {
    fixture.send(source, { announced4: prefixes.slice(0, 500), attributes: attributes({ med }) })
    fixture.send(source, { announced4: prefixes.slice(500), attributes: attributes({ med }) })
    fixture.settle()
    return who.map(pull)
  }
  return { fixture, source, readers, churn, octets: () => octets }
}

describe('a reader that stops while two hundred are told of churn', () => {
  it('changes nothing of what the others get, and when', () => {
    const calm = start()
    const { fixture, source, readers, churn } = start()
    const [stalled, ...others] = readers
    for (let round = 0; round < ROUNDS; round++) {
      expect(churn(round, others)).toEqual(calm.churn(round, calm.readers).slice(1))
    }
    expect(fixture.rib.stats().groups[0]).toMatchObject({ logOctets: calm.fixture.rib.stats().groups[0]?.logOctets })
    expect(fixture.rib.hasOutput(stalled ?? source)).toBe(true)
  })

  it('loses its place in the log, and catches up with each prefix once', () => {
    const { fixture, source, readers, churn } = start()
    const [stalled = source, ...others] = readers
    for (let round = 0; round < ROUNDS; round++) churn(round, others)
    fixture.send(source, { withdrawn4: prefixes.slice(0, 10) })
    fixture.settle()
    for (const id of others) fixture.read(id)
    // What the log has kept for it is no more than it may lag behind, however much was written.
    const logOctets = fixture.rib.stats().groups[0]?.logOctets ?? 0
    expect(logOctets).toBeGreaterThan(3 * LOG_LIMIT)
    expect(fixture.rib.peerCounters(stalled).resyncs).toBeGreaterThan(0)
    const told = fixture.told(stalled)
    expect(told.filter(line => line.startsWith('+')).sort()).toEqual(
      prefixes
        .slice(10)
        .map(one => `+${one}`)
        .sort(),
    )
    expect(told.filter(line => line.startsWith('-')).sort()).toEqual(
      prefixes
        .slice(0, 10)
        .map(one => `-${one}`)
        .sort(),
    )
    expect(fixture.rib.stats().families[0]).toMatchObject({ tombstones: 10 })
    fixture.rib.work()
    expect(fixture.rib.hasOutput(stalled)).toBe(false)
  })
})
