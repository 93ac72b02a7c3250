/** One prefix, several sessions, all orders of arrival: the choice is always the one the RFC's eliminations leave. */
import { describe, expect, it } from 'vitest'
import { Fixture, key, peer } from '../support/rib-fixture.ts'
import { Model } from '../support/rib-model.ts'
import { randomFrom } from '../support/rib-random.ts'
import type { TestAttributes } from '../support/rib-wire.ts'

const P = '10.1.0.0/16'

describe('the choice among paths', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'follows the eliminations of RFC 4271 9.1.2.2 whatever happens before, seed %i',
    seed => {
      const random = randomFrom(seed)
      const below = (n: number) => Math.floor(random() * n)
      const fixture = new Fixture()
      const model = new Model()
      const ids = [1, 2, 3, 4, 5, 6].map(n => {
        const description = peer(n, n > 4 ? { kind: 'ebgp', routerId: 20 - n } : { routerId: 10 - n })
        const id = fixture.join(description)
        model.peers.set(id, description)
        return { id, description }
      })
      for (let step = 0; step < 400; step++) {
        const one = ids[below(ids.length)]
        if (one === undefined) continue
        const { id, description } = one
        if (below(4) === 0) {
          fixture.withdraw(id, [P])
          model.withdraw(key(P), id)
        } else {
          const neighbour = description.kind === 'ebgp' ? description.asn : 65001 + below(2)
          const a: TestAttributes = {
            origin: below(8) === 0 ? 1 : 0,
            path: [neighbour],
            nextHop: '0a000201',
            med: below(3),
          }
          if (description.kind === 'ibgp') a.localPref = 100
          expect(fixture.send(id, { announced4: [key(P)], attributes: a })).toBeUndefined()
          fixture.settle()
          model.announce(key(P), id, a)
        }
        expect(fixture.best(P)).toBe(model.best(key(P))?.peer?.name)
      }
    },
  )
})
