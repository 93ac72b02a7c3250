import { describe, expect, it } from 'vitest'
import { Interfaces } from '../../../src/kernel/interfaces.ts'
import { isAdmitted } from '../../../src/kernel/pattern.ts'
import type { AddressEvent } from '../../../src/kernel/port.ts'
import { PrefixStates, TokenQueue } from '../../../src/kernel/prefix-state.ts'
import { Op, RouteRecords } from '../../../src/kernel/record.ts'
import { RetryClock } from '../../../src/kernel/retry.ts'
import { TargetTable } from '../../../src/kernel/target.ts'
import { TextTable } from '../../../src/kernel/text-table.ts'
import { IPV4_UNICAST } from '../../../wire/family.ts'
import { address, via } from './support.ts'

describe('interface patterns', () => {
  it.each([
    ['eth0', ['-cali*', '-kube-ipvs*', '*'], true],
    ['cali7f3c21ab9d0', ['-cali*', '-kube-ipvs*', '*'], false],
    ['kube-ipvs0', ['-cali*', '-kube-ipvs*', '*'], false],
    ['mycali', ['-cali*', '*'], true],
    ['eth12', ['eth?'], false],
    ['eth1', ['eth?'], true],
    ['bond0.100', ['-bond*.1??', 'bond*'], false],
    ['aaaaaaaaaaaaab', ['*a*a*a*b'], true],
    ['eth0', [], false],
  ])('%s in %j: %s', (name, patterns, expected) => {
    expect(isAdmitted(name, patterns)).toBe(expected)
  })
})

describe('what is known of each prefix', () => {
  it('is kept while the arrays grow, and zero where nothing was written', () => {
    const states = new PrefixStates(IPV4_UNICAST, 1)
    const ids = 300_000
    for (let id = 1; id <= ids; id++) {
      states.reserve(id)
      if (id % 3 === 0) continue
      states.desired[id] = id
      states.errno[id] = id & 0xff
      states.reason[id] = id & 0xffff
      states.since[id] = id / 2
    }
    const wrong: number[] = []
    for (let id = 1; id <= ids; id++) {
      const want = id % 3 === 0 ? [0, 0, 0, 0, 0] : [id, id & 0xff, id & 0xffff, id / 2, 0]
      const have = [states.desired[id], states.errno[id], states.reason[id], states.since[id], states.actual[id]]
      if (want.join() !== have.join()) wrong.push(id)
    }
    expect(wrong).toEqual([])
  })
})

describe('the table of targets', () => {
  /** A record as a dump would have it. */
  function dumped(gateway: string, dev: number): RouteRecords {
    const records = new RouteRecords(1).append(Op.present)
    records.family = IPV4_UNICAST
    records.kind = 1
    records.interfaceIndex = dev
    records.setGateway(address(gateway))
    return records
  }

  it('gives equal targets one number, whoever made the object', () => {
    const targets = new TargetTable(1, [0, 1024])
    const id = targets.internTarget(via('10.0.0.1'))
    expect(targets.internTarget(via('10.0.0.1'))).toBe(id)
    expect(targets.internTarget(via('10.0.0.2'))).not.toBe(id)
    expect(targets.internTarget({ type: 'blackhole' })).not.toBe(targets.internTarget({ type: 'unreachable' }))
  })

  it('lets the kernel choose the device where the wish names none', () => {
    const targets = new TargetTable(1, [0, 1024])
    const there = targets.internRecord(dumped('10.0.0.1', 7))
    expect(targets.covers(targets.internTarget(via('10.0.0.1')), there, 0)).toBe(true)
    expect(targets.covers(targets.internTarget(via('10.0.0.1', 7)), there, 0)).toBe(true)
    expect(targets.covers(targets.internTarget(via('10.0.0.1', 8)), there, 0)).toBe(false)
    expect(targets.covers(targets.internTarget(via('10.0.0.2')), there, 0)).toBe(false)
    expect(targets.covers(targets.internTarget(via('10.0.0.1', 7, true)), there, 0)).toBe(false)
  })

  it('never takes a multipath route for a single one', () => {
    const targets = new TargetTable(1, [0, 1024])
    const records = dumped('10.0.0.1', 7)
    records.legs = 2
    expect(targets.covers(targets.internTarget(via('10.0.0.1')), targets.internRecord(records), 0)).toBe(false)
  })

  it('keeps thousands apart and forgets the unused, with new numbers', () => {
    const targets = new TargetTable(1, [0, 1024])
    const ids = Array.from({ length: 5000 }, (_, i) => targets.internTarget(via(`10.${i >> 8}.${i & 255}.1`)))
    expect(new Set(ids).size).toBe(5000)
    const used = new Uint8Array(targets.size + 1)
    used[ids[4321] ?? 0] = 1
    const renamed = targets.compact(used)
    expect(targets.size).toBe(1)
    const id = renamed[ids[4321] ?? 0] ?? 0
    expect(targets.gateway(id, 0)).toEqual(address('10.16.225.1'))
    expect(targets.internTarget(via('10.16.225.1'))).toBe(id)
  })
})

describe('the queue of prefixes', () => {
  it('is first in, first out, also across growth', () => {
    const queue = new TokenQueue()
    const out: number[] = []
    let next = 0
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100; i++) queue.push(next++)
      for (let i = 0; i < 30; i++) out.push(queue.shift())
    }
    while (queue.size > 0) out.push(queue.shift())
    expect(out).toEqual(Array.from({ length: 5000 }, (_, i) => i))
  })
})

describe('the retry clock', () => {
  it('answers a crowd of events once', () => {
    const clock = new RetryClock()
    clock.refused(0)
    expect(clock.changed(10)).toBe(true)
    expect(clock.changed(11)).toBe(false)
    expect(clock.due(10)).toBe(true)
    clock.refused(10)
    expect(clock.changed(20)).toBe(true)
    expect(clock.deadlineMs).toBe(260)
  })

  it('does nothing while nothing is refused', () => {
    const clock = new RetryClock()
    expect(clock.changed(5)).toBe(false)
    expect(clock.due(1e9)).toBe(false)
    expect(clock.deadlineMs).toBeUndefined()
  })
})

describe('the model of interfaces', () => {
  const own = (interfaceIndex: number, text: string, length: number): AddressEvent => {
    return { kind: 'present', interfaceIndex, address: address(text), subnet: address(text), length }
  }

  it('finds the connected interface by the longest subnet, and only where the link is up', () => {
    const interfaces = new Interfaces()
    interfaces.links([
      { kind: 'present', index: 1, name: 'wide', isUp: true, isRunning: true },
      { kind: 'present', index: 2, name: 'narrow', isUp: true, isRunning: true },
    ])
    interfaces.addresses([own(1, '10.0.0.1', 8), own(2, '10.1.0.1', 16), own(1, 'fd00::1', 33)])
    expect(interfaces.connectedTo(address('10.1.7.7'))?.name).toBe('narrow')
    expect(interfaces.connectedTo(address('10.2.7.7'))?.name).toBe('wide')
    expect(interfaces.connectedTo(address('11.2.7.7'))).toBeUndefined()
    expect(interfaces.connectedTo(address('fd00:0:7fff::1'))?.name).toBe('wide')
    expect(interfaces.connectedTo(address('fd00:0:8000::1'))).toBeUndefined()
    interfaces.links([{ kind: 'present', index: 2, name: 'narrow', isUp: false, isRunning: false }])
    expect(interfaces.connectedTo(address('10.1.7.7'))?.name).toBe('wide')
  })

  it('knows own addresses for as long as one interface has them', () => {
    const interfaces = new Interfaces()
    const link = { isUp: true, isRunning: true }
    interfaces.links([
      { kind: 'present', index: 1, name: 'a', ...link },
      { kind: 'present', index: 2, name: 'b', ...link },
    ])
    interfaces.addresses([own(1, '10.0.0.1', 32), own(2, '10.0.0.1', 32)])
    interfaces.addresses([{ ...own(1, '10.0.0.1', 32), kind: 'gone' }])
    expect(interfaces.isOwnAddress(address('10.0.0.1'))).toBe(true)
    interfaces.links([{ kind: 'gone', index: 2, name: 'b', ...link }])
    expect(interfaces.isOwnAddress(address('10.0.0.1'))).toBe(false)
  })

  it('drops what a fresh dump does not show', () => {
    const interfaces = new Interfaces()
    const changes: string[] = []
    const link = (index: number, name: string) => ({
      kind: 'present' as const,
      index,
      name,
      isUp: true,
      isRunning: true,
    })
    interfaces.links([link(1, 'a'), link(2, 'b')])
    interfaces.addresses([own(1, '10.0.0.1', 24), own(1, '10.1.0.1', 24)])
    interfaces.watch(({ kind, index }) => void changes.push(`${kind} ${index}`))
    interfaces.dumpStarted({ protocol: 0, reason: '' })
    interfaces.links([link(1, 'a')])
    interfaces.addresses([own(1, '10.0.0.1', 24)])
    interfaces.dumpFinished({ protocol: 0, reason: '' })
    expect(changes).toEqual(['address-removed 1', 'removed 2'])
  })
})

it('texts are kept once and the first is empty', () => {
  const texts = new TextTable()
  expect([texts.intern(''), texts.intern('a'), texts.intern('b'), texts.intern('a')]).toEqual([0, 1, 2, 1])
  expect(texts.get(2)).toBe('b')
})
