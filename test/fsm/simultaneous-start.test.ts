/** Row 42: both sides start at once, over a network that delays and loses. */

import { describe, expect, it } from 'vitest'
import { Link, type LinkOptions } from '../support/fsm-link.ts'

const CONNECT_RETRY_MS = 5000
const BOUND_MS = 3 * CONNECT_RETRY_MS

const FAULTLESS: Omit<LinkOptions, 'seed'> = {
  delayMs: { min: 1, max: 200 },
  lostDials: 0,
  refusedDials: 0,
  brokenConnections: 0,
  faults: 0,
  idleHoldMs: { first: 5000, cap: 30_000 },
}

const CONFIGURATIONS: Record<string, Omit<LinkOptions, 'seed'>> = {
  'random delays up to 200 ms': FAULTLESS,
  'random delays and one fault, with an idle hold of 5 to 30 s': {
    delayMs: { min: 1, max: 200 },
    lostDials: 0.1,
    refusedDials: 0.1,
    brokenConnections: 0.3,
    faults: 1,
    idleHoldMs: { first: 5000, cap: 30_000 },
  },
  'random delays and up to four faults, with an idle hold of 1 to 30 s': {
    delayMs: { min: 1, max: 200 },
    lostDials: 0.1,
    refusedDials: 0.1,
    brokenConnections: 0.3,
    faults: 4,
    idleHoldMs: { first: 1000, cap: 30_000 },
  },
  'delays of up to a second': { ...FAULTLESS, delayMs: { min: 1, max: 1000 } },
}

const started = (options: LinkOptions): Link => {
  const link = new Link(options)
  link.input('a', { type: 'start' })
  link.input('b', { type: 'start' })
  return link
}

describe.each(Object.entries(CONFIGURATIONS))('1,000 simultaneous starts with %s', (_name, configuration) => {
  it('end with exactly one Established session on both sides within 3 connect-retry periods (row 42)', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const link = started({ ...configuration, seed })
      link.runUntil(BOUND_MS)
      expect(link.agreed, `seed ${seed}\n${link.log.join('\n')}`).toBeDefined()
      link.runUntil(BOUND_MS + 1000)
      const held = [link.peers.a, link.peers.b].map(peer =>
        peer.sessions.filter(({ state }) => state === 'Established'),
      )
      expect(held.map(sessions => sessions.length)).toEqual([1, 1])
    }
  })
})

describe('1,000 simultaneous starts without a fault', () => {
  it.each([1, 20, 200, 450])('and delays of up to %d ms: nobody loses both connections to the collision', max => {
    for (let seed = 1; seed <= 1000; seed++) {
      const link = started({ ...FAULTLESS, delayMs: { min: 1, max }, seed })
      link.runUntil(BOUND_MS)
      const { a, b } = link.peers
      const counts = [a, b].map(({ counters, connectRetryCounter }) => [counters.sessions, connectRetryCounter])
      expect(counts, `seed ${seed}\n${link.log.join('\n')}`).toEqual([
        [1, 0],
        [1, 0],
      ])
    }
  })
})

describe('a simultaneous start without delays worth the name', () => {
  it.each([
    ['10.0.0.1', '10.0.0.2', 'b'],
    ['10.0.0.2', '10.0.0.1', 'a'],
    ['10.0.0.1', '200.0.0.1', 'b'],
  ] as const)('of %s and %s keeps the connection opened by the higher identifier (rows 35, 36)', (a, b, winner) => {
    const link = started({ ...FAULTLESS, seed: 1, delayMs: { min: 10, max: 10 }, ids: { a, b } })
    link.runUntil(1000)
    const connection = link.agreed
    const direction = link.peers[winner].sessions.find(session => session.connection === connection)?.direction
    expect(direction).toBe('outgoing')
    expect(link.openWires).toEqual([connection])
    expect([link.peers.a.counters.collisions, link.peers.b.counters.collisions]).toEqual([1, 1])
  })
})
