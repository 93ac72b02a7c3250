import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interfaces } from '../../src/kernel/interfaces.ts'
import type { KernelState } from '../../src/kernel/ledger.ts'
import { MemoryKernel } from '../../src/kernel/memory.ts'
import { fanOut } from '../../src/kernel/port.ts'
import { KernelSync } from '../../src/kernel/sync.ts'
import { key, routeText, via } from '../src/kernel/support.ts'

/** What may happen on a node, in any order and at any moment of a write's way. */
type Happening =
  | { readonly kind: 'want' | 'alien' | 'tamper'; readonly prefix: number; readonly hop: number }
  | { readonly kind: 'unwant' | 'delete'; readonly prefix: number }
  | { readonly kind: 'link' | 'lose' | 'step' | 'retry' | 'recovered' }

const prefixNumber = fc.integer({ min: 0, max: 5 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('want' as const, 'want' as const, 'alien' as const, 'tamper' as const),
    prefix: prefixNumber,
    hop: fc.integer({ min: 2, max: 4 }),
  }),
  fc.record({ kind: fc.constantFrom('unwant' as const, 'delete' as const), prefix: prefixNumber }),
  fc.record({
    kind: fc.constantFrom('link' as const, 'lose' as const, 'step' as const, 'retry' as const, 'recovered' as const),
  }),
)

/** Even numbers are IPv4, odd ones IPv6. */
const prefixText = (n: number): string => (n % 2 === 0 ? `10.${n}.0.0/24` : `fd0${n}::/64`)
const gateway = (n: number, hop: number): string => (n % 2 === 0 ? `10.99.0.${hop}` : `fd99::${hop}`)

describe('KernelSync against a FIB that others change too', () => {
  it('ends with exactly the wanted routes wherever no other owner sits, and never touches a stranger', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), happenings => {
        const tasks: (() => void)[] = []
        const kernel = new MemoryKernel({ schedule: task => void tasks.push(task) })
        let now = 0
        let isUp = true
        const wanted = new Map<string, string>()
        kernel.addInterface('eth0')
        kernel.addAddress('eth0', '10.99.0.1/24')
        kernel.addAddress('eth0', 'fd99::1/64')
        const interfaces = new Interfaces()
        const sync = new KernelSync(kernel, interfaces, {
          protocol: 12,
          table: 254,
          metric: 0,
          seed: 5,
          now: () => now,
        })
        void kernel.start(fanOut(interfaces, sync))
        kernel.onChange(({ route, isOwn }) => {
          if (isOwn) expect(route.protocol).toBe(12)
        })
        const settle = () => {
          for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task()
        }
        const happen: Record<Happening['kind'], (prefix: number, hop: number) => void> = {
          want: (n, hop) => {
            wanted.set(prefixText(n), gateway(n, hop))
            sync.desire(key(prefixText(n)), via(gateway(n, hop)))
            sync.commit()
          },
          unwant: n => {
            wanted.delete(prefixText(n))
            sync.undesire(key(prefixText(n)))
            sync.commit()
          },
          alien: (n, hop) => isUp && kernel.addRoute({ prefix: prefixText(n), via: gateway(n, hop), protocol: 4 }),
          tamper: (n, hop) => isUp && kernel.addRoute({ prefix: prefixText(n), via: gateway(n, hop), protocol: 12 }),
          delete: n => kernel.removeRoute({ prefix: prefixText(n) }),
          link: () => {
            isUp = !isUp
            kernel.setInterface('eth0', isUp)
          },
          lose: () => kernel.loseEvents(),
          step: () => tasks.shift()?.(),
          retry: () => {
            now += 2_000
            sync.tick(now)
          },
          recovered: () => sync.recovered(),
        }
        for (const one of happenings) {
          happen[one.kind]('prefix' in one ? one.prefix : 0, 'hop' in one ? one.hop : 0)
          expect(sync.stateCounts()).toEqual(walked(sync))
        }
        if (!isUp) happen.link(0, 0)
        sync.recovered()
        settle()
        for (let round = 0; round < 3; round++) {
          now += 120_000
          sync.tick(now)
          settle()
        }
        const routes = kernel.routes()
        const strangers = new Set(
          routes.filter(route => route.protocol !== 12).map(route => routeText(route).split(' ')[0]),
        )
        const expected = [...wanted].filter(([text]) => !strangers.has(text)).map(([text, hop]) => line(text, hop))
        expect(
          routes
            .filter(route => route.protocol === 12)
            .map(routeText)
            .sort(),
        ).toEqual(expected.sort())
        expect(sync.stateCounts()).toEqual(walked(sync))
        for (const row of sync.rows()) expect(row.state).toBe(strangers.has(row.prefix) ? 'conflict' : 'confirmed')
      }),
      { numRuns: 300 },
    )
  })
})

/** The same counts from every row there is. */
function walked(sync: KernelSync): Record<KernelState, number> {
  const counts = { desired: 0, pending: 0, confirmed: 0, failed: 0, conflict: 0 }
  for (const { state } of sync.rows()) counts[state] += 1
  return counts
}

function line(prefix: string, hop: string): string {
  return `${prefix} via ${hop}${prefix.includes(':') ? ' metric 1024' : ''}`
}
