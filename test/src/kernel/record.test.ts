import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KernelNextHop, KernelRoute, RouteType } from '../../../src/kernel/port.ts'
import { appendRoute, Op, RECORD_OCTETS, RouteRecords, routeOf } from '../../../src/kernel/record.ts'
import { FAMILIES, type Family } from '../../../wire/family.ts'

const u32 = fc.integer({ min: 0, max: 0xffffffff })
const gateway = (family: Family) =>
  fc
    .uint8Array({ minLength: family.bits / 8, maxLength: family.bits / 8 })
    .filter(octets => octets.some(octet => octet !== 0))

const leg = (family: Family): fc.Arbitrary<KernelNextHop> =>
  fc.record({
    gateway: gateway(family),
    interfaceIndex: u32,
    isOnlink: fc.boolean(),
    weight: fc.integer({ min: 1, max: 256 }),
  })

const route: fc.Arbitrary<KernelRoute> = fc.constantFrom(...FAMILIES).chain(family =>
  fc.record({
    family: fc.constant(family),
    words: fc.uint32Array({ minLength: family.words, maxLength: family.words }),
    length: fc.integer({ min: 0, max: family.bits }),
    protocol: fc.integer({ min: 0, max: 255 }),
    table: u32,
    metric: u32,
    type: fc.constantFrom<RouteType[]>('unicast', 'blackhole', 'unreachable', 'prohibit'),
    gateway: gateway(family),
    interfaceIndex: u32,
    isOnlink: fc.boolean(),
  }),
)

const multipath: fc.Arbitrary<KernelRoute> = route.chain(single =>
  fc.array(leg(single.family), { minLength: 1, maxLength: 5 }).map(nextHops => {
    const [{ gateway: via, interfaceIndex, isOnlink }] = nextHops as [KernelNextHop]
    return { ...single, nextHops, interfaceIndex, isOnlink, ...(via && { gateway: via }) }
  }),
)

describe('packed records', () => {
  it('carry routes and their legs unchanged through a transferred buffer', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(route, multipath), { maxLength: 20 }), routes => {
        const written = new RouteRecords(1)
        for (const one of routes) appendRoute(written, Op.present, one)
        const received = new RouteRecords(structuredClone(written.copy()), written.count)
        const read: (KernelRoute | undefined)[] = []
        while (received.nextRoute()) read.push(routeOf(received))
        expect(read).toEqual(routes)
      }),
    )
  })

  it('carry outcomes beside what was asked', () => {
    const records = new RouteRecords(1)
    for (const token of [5, 0xfffffffe]) records.append(Op.add).token = token
    records.seek(1).setOutcome(101, 3)
    expect([records.token, records.errno, records.reason]).toEqual([0xfffffffe, 101, 3])
    expect([records.seek(0).token, records.errno]).toEqual([5, 0])
  })

  it('grow, clear and truncate', () => {
    const records = new RouteRecords(0)
    for (let i = 0; i < 100; i++) records.append(Op.add).metric = i
    expect(records.seek(99).metric).toBe(99)
    records.truncate(3)
    expect(records.copy().byteLength).toBe(3 * RECORD_OCTETS)
    expect(records.clear().next()).toBe(false)
    expect(records.append(Op.delete).metric).toBe(0)
  })
})
