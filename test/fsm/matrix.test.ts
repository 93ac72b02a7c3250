/**
 * Every input in every situation a peer can be in: no transition may be forgotten, and the invariants hold after each. What
 * follows from each pair is written down in `test/conformance/fsm-matrix.md`, so that a change of behaviour is seen.
 */

import { describe, expect, it } from 'vitest'
import type { PeerFsmOptions, PeerInput, State } from '../../fsm/index.ts'
import { millis, PeerFsm, STATES } from '../../fsm/index.ts'
import type { Message } from '../../wire/index.ts'
import { cease, IPV4_UNICAST, notification } from '../../wire/index.ts'
import { Watch } from '../support/fsm-invariant.ts'
import { Bench, keepalive, notify, openMessage, peerOpen, refresh, terms, update } from '../support/fsm-peer.ts'

const message = (connection: number, content: Message): PeerInput => ({ type: 'message', connection, message: content })
const start: PeerInput = { type: 'start' }
const stop: PeerInput = { type: 'stop', subcode: 2, communication: 'maintenance' }
const ours: PeerInput = { type: 'connected', connection: 1, direction: 'outgoing' }
const theirs: PeerInput = { type: 'connected', connection: 2, direction: 'incoming' }
const open = openMessage({ capabilities: [...peerOpen().capabilities, { kind: 'enhanced-route-refresh' }] })
const MARKED: Partial<PeerFsmOptions> = { routeRefresh: 'enhanced' }
const DELAYED: Partial<PeerFsmOptions> = { delayOpenMs: 2000 }

const toEstablished = [start, ours, message(1, open), message(1, keepalive)]

/** How to get there, and the state that is meant. */
interface Situation {
  readonly state: State
  readonly path: readonly PeerInput[]
  readonly options?: Partial<PeerFsmOptions>
}

const SITUATIONS: Record<string, Situation> = {
  'new': { state: 'Idle', path: [] },
  stopped: { state: 'Idle', path: [...toEstablished, stop] },
  'idle hold': { state: 'Idle', path: [...toEstablished, { type: 'closed', connection: 1, reason: 'reset' }] },
  dialling: { state: 'Connect', path: [start] },
  'dial failed': { state: 'Active', path: [start, { type: 'dial-failed', reason: 'refused' }] },
  'our connection, delayed': { state: 'Connect', path: [start, ours], options: DELAYED },
  'their connection, delayed': {
    state: 'Active',
    path: [start, { type: 'dial-failed', reason: 'refused' }, theirs],
    options: DELAYED,
  },
  'our connection': { state: 'OpenSent', path: [start, ours] },
  'their connection, dialling': { state: 'OpenSent', path: [start, theirs] },
  'both connections': { state: 'OpenSent', path: [start, ours, theirs] },
  'ours confirmed': { state: 'OpenConfirm', path: [start, ours, message(1, open)] },
  'theirs confirmed': { state: 'OpenConfirm', path: [start, theirs, message(2, open)] },
  'ours confirmed, waiting for theirs': { state: 'OpenConfirm', path: [start, ours, theirs, message(1, open)] },
  'theirs confirmed, ours up': { state: 'OpenConfirm', path: [start, ours, theirs, message(2, open)] },
  'ours confirmed, theirs lost': {
    state: 'OpenConfirm',
    path: [start, ours, theirs, message(2, open), message(1, open)],
  },
  'ours established': { state: 'Established', path: toEstablished },
  'theirs established': { state: 'Established', path: [start, theirs, message(2, open), message(2, keepalive)] },
  'ours established, theirs up': { state: 'Established', path: [...toEstablished, theirs] },
  'ours established, telling again': { state: 'Established', path: [...toEstablished, message(1, refresh(1, 1, 1))] },
}

const CONTENTS: Record<string, Message> = {
  OPEN: open,
  'OPEN of another AS': openMessage({ asn: 65009 }),
  'OPEN of a higher identifier': openMessage({ routerId: 0xffffffff }),
  'OPEN with hold time 0': openMessage({ holdTimeS: 0 }),
  KEEPALIVE: keepalive,
  UPDATE: update,
  'ROUTE-REFRESH': refresh(),
  'ROUTE-REFRESH of an unknown family': refresh(25, 65),
  'ROUTE-REFRESH, BoRR': refresh(1, 1, 1),
  'ROUTE-REFRESH, EoRR': refresh(1, 1, 2),
  'ROUTE-REFRESH of an unknown subtype': refresh(1, 1, 9),
  'NOTIFICATION 2/1': notify(2, 1),
  'NOTIFICATION 2/4': notify(2, 4),
  'NOTIFICATION 6/2': notify(6, 2),
  'NOTIFICATION 6/7': notify(6, 7),
  'NOTIFICATION 99/99': notify(99, 99),
}

const perConnection = (connection: number): [string, PeerInput][] => [
  ...Object.entries(CONTENTS).map(([name, content]): [string, PeerInput] => [
    `${name} on ${connection}`,
    message(connection, content),
  ]),
  [`closed ${connection}`, { type: 'closed', connection, reason: 'reset by peer' }],
  [`header failure on ${connection}`, { type: 'failure', connection, error: notification(1, 1, 'noise') }],
  [`out of resources on ${connection}`, { type: 'failure', connection, error: cease(8) }],
  [`silent failure on ${connection}`, { type: 'failure', connection, error: { ...cease(0), silent: true } }],
]

const INPUTS: Record<string, PeerInput> = Object.fromEntries([
  ['start', start],
  ['stop', stop],
  ['stop without text', { type: 'stop', subcode: 3 }],
  ['our connection', { type: 'connected', connection: 3, direction: 'outgoing' }],
  ['their connection', { type: 'connected', connection: 4, direction: 'incoming' }],
  ['dial failed', { type: 'dial-failed', reason: 'refused' }],
  ['request for a refresh', { type: 'request-refresh', family: IPV4_UNICAST }],
  ...[1, 2, 99].flatMap(perConnection),
])

/** How long to wait before the input: not at all, past every short timer, past every timer. */
const WAITS = [0, 31_000, 300_000]

const OPTIONS: Record<string, Partial<PeerFsmOptions>> = {
  'a plain peer': {},
  'a hold time of 0': { holdTimeS: 0 },
  'timers of 0 ms': { connectRetryMs: 0, idleHoldMs: { first: 0, cap: 0 } },
}

const arrive = (situation: string, changes: Partial<PeerFsmOptions>) => {
  const options = terms({ ...MARKED, ...changes, ...SITUATIONS[situation]?.options })
  const peer = new PeerFsm(options)
  const watch = new Watch(peer, options)
  for (const input of SITUATIONS[situation]?.path ?? []) watch.handle(input, millis(1000))
  return { peer, watch }
}

const names = Object.keys(SITUATIONS)

describe('the situations of the matrix', () => {
  it('visit all six states', () => {
    expect(new Set(names.map(name => SITUATIONS[name]?.state))).toEqual(new Set(STATES))
  })

  it.each(names)('%s: is the state it claims to be', name => {
    expect(arrive(name, {}).peer.state).toBe(SITUATIONS[name]?.state)
  })
})

describe.each(Object.entries(OPTIONS))('with %s', (_options, changes) => {
  describe.each(names)('in the situation "%s"', situation => {
    it.each(Object.entries(INPUTS))('%s keeps every invariant', (_input, input) => {
      for (const wait of WAITS) {
        const { watch, peer } = arrive(situation, changes)
        const now = millis(1000 + wait)
        // Whoever is connected twice under one name is the driver's fault, not the peer's.
        const isKnown = input.type === 'connected' && watch.open.has(input.connection)
        if (isKnown) continue
        watch.handle(input, now)
        watch.handle({ type: 'deadline' }, now)
        if (input.type === 'failure' && wait === 0) expect(watch.open).not.toContain(input.connection)
        if (input.type === 'stop') expect([peer.state, watch.open.size]).toEqual(['Idle', 0])
      }
    })

    it('a deadline at any time keeps every invariant', () => {
      for (const wait of [0, 1, 999, 4375, 5000, 30_000, 90_000, 239_999, 240_000, 1e9]) {
        const { watch } = arrive(situation, changes)
        watch.handle({ type: 'deadline' }, millis(1000 + wait))
        watch.handle({ type: 'deadline' }, millis(1000 + wait))
      }
    })
  })
})

/** What each input leads to, as Markdown: one table a situation. */
function matrix(): string {
  const kinds = Object.entries(INPUTS).filter(([, input]) => !('connection' in input) || input.connection < 99)
  const inputs: [string, PeerInput][] = [
    ...kinds,
    ...[1000, 10_000, 90_000, 240_000].map((ms): [string, PeerInput] => [
      `deadline after ${ms} ms`,
      { type: 'deadline' },
    ]),
  ]
  const sections = names.map(name => {
    const rows = inputs.map(([label, input]) => {
      const bench = new Bench({ ...MARKED, ...SITUATIONS[name]?.options })
      for (const step of SITUATIONS[name]?.path ?? []) bench.handle(step)
      bench.wait(Number(/(\d+) ms$/.exec(label)?.[1] ?? 0))
      const outputs = bench.handle(input)
      return `| ${label} | ${outputs.join('; ')} | ${bench.peer.state} |`
    })
    return [
      `## ${name} (${SITUATIONS[name]?.state})`,
      '',
      '| Input | What is done | State after |',
      '|---|---|---|',
      ...rows,
      '',
    ]
  })
  const head = [
    '# Every input in every situation',
    '',
    'Written by `test/fsm/matrix.test.ts`. Connection 1 is ours, 2 the',
    "peer's, whose identifier is the higher one; 3 and 4 are new ones.",
    '',
  ]
  return [...head, ...sections.flat()].join('\n')
}

describe('the matrix', () => {
  it('is written down pair by pair', async () => {
    await expect(matrix()).toMatchFileSnapshot('../conformance/fsm-matrix.md')
  })

  it('has every pair of a state and a kind of input', () => {
    const kinds = new Set(Object.values(INPUTS).map(({ type }) => type))
    const all: PeerInput['type'][] = ['start', 'stop', 'connected', 'dial-failed', 'closed', 'message', 'failure']
    expect(kinds).toEqual(new Set([...all, 'request-refresh']))
    expect(names.length * (Object.keys(INPUTS).length + 1)).toBeGreaterThan(STATES.length * kinds.size)
  })
})
