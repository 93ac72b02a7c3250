/** One prefix, several sessions, all orders of arrival: the choice is always the one the RFC's eliminations leave. */
import { describe, expect, it } from 'vitest'
import type { SelectionOptions } from '../../src/rib/index.ts'
import type { ModelPath } from '../support/rib-decide.ts'
import { Fixture, key, peer } from '../support/rib-fixture.ts'
import { Model } from '../support/rib-model.ts'
import { randomFrom } from '../support/rib-random-parts.ts'
import type { TestAttributes } from '../support/rib-wire.ts'

const P = '10.1.0.0/16'

const OPTIONS: readonly SelectionOptions[] = [
  {},
  { alwaysCompareMed: true },
  { missingMedAsWorst: true },
  { preferOlder: true },
  { alwaysCompareMed: true, missingMedAsWorst: true, preferOlder: true },
]

function sessions(fixture: Fixture, model: Model) {
  return [1, 2, 3, 4, 5, 6].map(n => {
    // Two external sessions have one identifier, which matters to RFC 5004.
    const routerId = n > 4 ? 30 : n > 2 ? 20 - n : 10 - n
    const description = peer(n, n > 2 ? { kind: 'ebgp', asn: 65001 + (n % 2), routerId } : { routerId })
    const id = fixture.join(description)
    model.peers.set(id, description)
    return { id, description }
  })
}

describe('the choice among paths', () => {
  const lives = OPTIONS.flatMap((options, i) => [1, 2, 3].map(seed => ({ options, seed: 10 * i + seed })))

  it.each(lives)(
    'follows the eliminations of RFC 4271 9.1.2.2 whatever happens before (row 135), seed $seed, $options',
    ({ options, seed }) => {
      const random = randomFrom(seed)
      const below = (n: number) => Math.floor(random() * n)
      const fixture = new Fixture({ selection: options })
      const model = new Model({ selection: options })
      const all = sessions(fixture, model)
      let best: ModelPath | undefined
      for (let step = 0; step < 400; step++) {
        const { id, description } = all[below(all.length)] ?? expect.unreachable('a session')
        const wasBest = best?.sourceId === id
        if (below(4) === 0) {
          fixture.withdraw(id, [P])
          model.withdraw(key(P), id)
          if (wasBest) best = undefined
        } else {
          const neighbour = description.kind === 'ebgp' ? description.asn : 65001 + below(2)
          const a: TestAttributes = { origin: below(8) === 0 ? 1 : 0, path: [neighbour], nextHop: '0a000201' }
          if (below(3) > 0) a.med = below(3)
          if (description.kind === 'ibgp') a.localPref = 100
          expect(fixture.send(id, { announced4: [key(P)], attributes: a })).toBeUndefined()
          fixture.settle()
          model.announce(key(P), id, a)
          if (wasBest) best = model.table.get(key(P))?.get(`${id}#0`)
        }
        best = model.bestAfter(key(P), best)
        expect(fixture.best(P), `step ${step}`).toBe(best?.peer?.name)
      }
    },
  )
})
