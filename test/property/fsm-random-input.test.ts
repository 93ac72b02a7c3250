/** Any sequence of inputs, at any time, in any order: the machine never throws and keeps its promises to the driver. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerFsmOptions, PeerInput } from '../../fsm/index.ts'
import { millis, negotiate, PeerFsm } from '../../fsm/index.ts'
import type { Capability, Message, Notification, Open } from '../../wire/index.ts'
import { FAMILIES, notification } from '../../wire/index.ts'
import { Watch } from '../support/fsm-invariant.ts'
import { seededRandom } from '../support/fsm-link.ts'
import { keepalive, openMessage, peerOpen, terms, update } from '../support/fsm-peer.ts'

const octet = fc.integer({ min: 0, max: 255 })
const u16 = fc.oneof(fc.constantFrom(0, 1, 2, 3, 23456, 65001, 65535), fc.integer({ min: 0, max: 0xffff }))
const u32 = fc.oneof(
  fc.constantFrom(0, 65001, 0x0a000001, 0x0a000002, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
)

const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ kind: fc.constant('multiprotocol' as const), afi: u16, safi: octet }),
  fc.constantFrom(
    { kind: 'route-refresh' as const },
    { kind: 'enhanced-route-refresh' as const },
    { kind: 'extended-message' as const },
  ),
  fc.record({ kind: fc.constant('four-octet-as' as const), asn: u32 }),
  fc.record({ kind: fc.constant('unknown' as const), code: octet, value: fc.uint8Array({ maxLength: 8 }) }),
)

const anyOpen: fc.Arbitrary<Open> = fc.record({
  version: fc.constantFrom(4, 4, 4, 3),
  asn: u16,
  holdTimeS: u16,
  routerId: u32,
  capabilities: fc.array(capability, { maxLength: 6 }),
})

const anyNotification: fc.Arbitrary<Notification> = fc
  .tuple(fc.oneof(fc.constantFrom(2, 6), octet), fc.oneof(fc.constantFrom(1, 2, 4, 5, 7), octet))
  .map(([code, subcode]) => notification(code, subcode, 'random'))

/** Mostly what a sane peer says, so that sequences get somewhere. */
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(0x0a000002, 0x09000000).map(routerId => openMessage({ routerId })) },
  { weight: 1, arbitrary: fc.constant(openMessage({ holdTimeS: 0 })) },
  { weight: 10, arbitrary: fc.constant(keepalive) },
  { weight: 1, arbitrary: fc.constant(update) },
  { weight: 1, arbitrary: anyOpen.map(open => ({ type: 'open' as const, open })) },
  { weight: 1, arbitrary: anyNotification.map(error => ({ type: 'notification' as const, notification: error })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(1, 2, 25), fc.constantFrom(1, 128), fc.constantFrom(0, 1, 2, 9))
      .map(([afi, safi, subtype]) => ({ type: 'route-refresh' as const, refresh: { afi, safi, subtype } })),
  },
)

/** A step names a connection by its place among the open ones; this place is nowhere. */
const STRAY = 8

/** One thing that happens. */
type Step = { readonly wait: number; readonly pick: number } & (
  | { readonly kind: 'start' | 'connect' | 'accept' | 'dial-failed' | 'lose' | 'deadline' | 'due' }
  | { readonly kind: 'hot' }
  /** The message that takes the connection one state further. */
  | { readonly kind: 'advance'; readonly routerId: number }
  | { readonly kind: 'stop'; readonly subcode: number }
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'failure'; readonly error: Notification }
)

const timing = { wait: fc.constantFrom(0, 0, 0, 0, 0, 1, 100, 1000, 5000, 300_000), pick: fc.nat(STRAY) }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ...timing, kind: fc.constantFrom('start', 'deadline', 'dial-failed') }) },
  { weight: 2, arbitrary: fc.record({ ...timing, kind: fc.constant('hot') }) },
  {
    weight: 30,
    arbitrary: fc.record({
      ...timing,
      kind: fc.constant('advance'),
      routerId: fc.constantFrom(0x0a000002, 0x09000000),
    }),
  },
  { weight: 14, arbitrary: fc.record({ ...timing, kind: fc.constantFrom('connect', 'accept', 'due') }) },
  { weight: 24, arbitrary: fc.record({ ...timing, kind: fc.constant('message'), message: anyMessage }) },
  { weight: 2, arbitrary: fc.record({ ...timing, kind: fc.constant('lose') }) },
  { weight: 1, arbitrary: fc.record({ ...timing, kind: fc.constant('stop'), subcode: octet }) },
  { weight: 1, arbitrary: fc.record({ ...timing, kind: fc.constant('failure'), error: anyNotification }) },
)

const anyTerms: fc.Arbitrary<Partial<PeerFsmOptions>> = fc.record({
  passive: fc.constantFrom(false, false, true),
  mayAccept: fc.constantFrom(true, true, false),
  holdTimeS: fc.constantFrom(90, 90, 3, 0),
  connectRetryMs: fc.constantFrom(5000, 0),
  delayOpenMs: fc.constantFrom(0, 0, 500),
})

/** Plays steps on one machine as a driver would, with all invariants checked after each. Counts what was reached. */
function play(changes: Partial<PeerFsmOptions>, seed: number, steps: readonly Step[]): PeerFsm {
  const options = terms({ ...changes, random: seededRandom(seed) })
  const peer = new PeerFsm(options)
  const watch = new Watch(peer, options)
  let now = 1000
  let nextConnection = 1
  watch.handle({ type: 'start' }, millis(now))
  for (const next of steps) {
    now += next.wait
    if (next.kind === 'due') now = Math.max(now, peer.nextDeadline() ?? now)
    const connection = next.pick === STRAY ? 99 : ([...watch.open][next.pick % watch.open.size] ?? 99)
    if (next.kind === 'hot') {
      expect(peer.updateReceived(connection, millis(now))).toBe(peer.established?.connection === connection)
      peer.updateSent(millis(now))
      continue
    }
    if (next.kind === 'advance') {
      const isOpenSent = peer.sessions.find(session => session.connection === connection)?.state === 'OpenSent'
      const message = isOpenSent ? openMessage({ routerId: next.routerId }) : keepalive
      watch.handle({ type: 'message', connection, message }, millis(now))
      continue
    }
    watch.handle(
      inputOf(next, connection, () => nextConnection++),
      millis(now),
    )
  }
  return peer
}

function inputOf(next: Exclude<Step, { kind: 'hot' | 'advance' }>, connection: number, fresh: () => number): PeerInput {
  switch (next.kind) {
    case 'start':
      return { type: 'start' }
    case 'dial-failed':
      return { type: 'dial-failed', reason: 'random' }
    case 'connect':
      return { type: 'connected', connection: fresh(), direction: 'outgoing' }
    case 'accept':
      return { type: 'connected', connection: fresh(), direction: 'incoming' }
    case 'lose':
      return { type: 'closed', connection, reason: 'random' }
    case 'deadline':
    case 'due':
      return { type: 'deadline' }
    case 'stop':
      return { type: 'stop', subcode: next.subcode, communication: 'random' }
    case 'message':
      return { type: 'message', connection, message: next.message }
    case 'failure':
      return { type: 'failure', connection, error: next.error }
    default:
      return next satisfies never
  }
}

describe('a peer under random inputs', () => {
  it('never throws and keeps every invariant, and does reach Established often enough to mean something', () => {
    let sessions = 0
    let collisions = 0
    fc.assert(
      fc.property(anyTerms, fc.nat(), fc.array(step, { minLength: 20, maxLength: 80 }), (changes, seed, steps) => {
        const { counters } = play(changes, seed, steps)
        sessions += counters.sessions
        collisions += counters.collisions
      }),
      { numRuns: 800 },
    )
    expect(sessions).toBeGreaterThan(100)
    expect(collisions).toBeGreaterThan(20)
  })

  it('left alone afterwards, always comes to rest or to another dial, without two deadlines at one instant for ever', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(step, { maxLength: 30 }), (seed, steps) => {
        const peer = play({}, seed, steps)
        let now = peer.nextDeadline()
        for (let round = 0; now !== undefined && round < 20; round++) {
          peer.handle({ type: 'deadline' }, now)
          const next = peer.nextDeadline()
          if (next !== undefined) expect(next).toBeGreaterThan(now)
          now = next
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('negotiation of random OPENs', () => {
  it('gives an agreement within both offers, or a NOTIFICATION of class 2', () => {
    fc.assert(
      fc.property(fc.oneof(anyOpen, fc.record({ capabilities: fc.array(capability) }).map(peerOpen)), open => {
        const outcome = negotiate(terms(), open)
        if (!outcome.ok) {
          expect(outcome.error.code).toBe(2)
          return
        }
        const { families, holdTimeMs, keepaliveMs, peerAsn } = outcome.value
        expect(peerAsn).toBe(65001)
        expect(families.length).toBeGreaterThan(0)
        expect(families.every(family => FAMILIES.includes(family))).toBe(true)
        expect(holdTimeMs === 0 || holdTimeMs >= 3000).toBe(true)
        expect(holdTimeMs).toBeLessThanOrEqual(Math.min(90, open.holdTimeS) * 1000)
        expect(keepaliveMs).toBeLessThanOrEqual(holdTimeMs / 3)
      }),
      { numRuns: 1000 },
    )
  })
})
