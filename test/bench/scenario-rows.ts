/**
 * What `npm run bench -- scenarios` measures: a row per scenario of the testbed's harness (its README says what each does), who runs it, and what godwit
 * must reach there. Ratios are of medians of the same call. Data only; scenarios.ts runs it, scenario-table.ts judges and prints it.
 */
export interface Contender {
  readonly name: string
  readonly daemon: 'godwit' | 'bird2' | 'frr'
  /** Further arguments of bench.py. */
  readonly args?: readonly string[]
  /** Further arguments of test/testbed/plan-to-config. */
  readonly plan?: readonly string[]
  /** Watch the event loop of the process (stall-probe.ts). */
  readonly isProbed?: boolean
  /** So slow that one run has to do. */
  readonly isOnce?: boolean
}

export interface Must {
  /** A key of `Run.figures`. */
  readonly figure: string
  /** Whose figure; godwit's when absent. */
  readonly of?: string
  readonly atMost: number
  /** `atMost` is a share of the best of these; without them it is in the figure's own unit. */
  readonly against?: readonly string[]
}

export interface Row {
  readonly name: string
  readonly title: string
  readonly scenario: string
  readonly args?: readonly string[]
  readonly contenders: readonly Contender[]
  readonly musts: readonly Must[]
}

const GODWIT: Contender = { name: 'godwit', daemon: 'godwit' }
const BIRD: Contender = { name: 'BIRD 2', daemon: 'bird2' }
const FRR: Contender = { name: 'FRR', daemon: 'frr' }
const FRR_ONCE: Contender = { ...FRR, isOnce: true }
const FRR_NOW: Contender = { name: 'FRR, coalesce-time 0', daemon: 'frr', args: ['--coalesce', '0'] }
const RULES: Contender = { ...GODWIT, name: 'godwit, 20 export rules', plan: ['--export-rules'] }
const PROBED: Contender = { ...GODWIT, isProbed: true }
const HOLD_3: Contender = { ...PROBED, name: 'godwit, hold time 3 s', args: ['--hold', '3'] }

const withBird = (figure: string, atMost: number): Must => ({ figure, atMost, against: [BIRD.name] })

/** What 5,000 clients may cost, in ms and MB. */
const crowd = (of: string): Must[] => [
  { figure: 'coldstart', of, atMost: 10_000 },
  { figure: 'lost', of, atMost: 0 },
  { figure: 'stall', of, atMost: 100 },
  { figure: 'peak', of, atMost: 250 },
]

export const ROWS: readonly Row[] = [
  {
    name: 's1',
    title: '1,000,000 routes in and out',
    scenario: 's1',
    contenders: [GODWIT, BIRD, FRR_ONCE],
    musts: [withBird('announce', 0.4), withBird('peak', 1.15)],
  },
  {
    name: 's1-churn',
    title: '200,000 of 1,000,000 routes change, five times',
    scenario: 's15',
    contenders: [GODWIT, BIRD],
    musts: [withBird('churn', 0.4)],
  },
  {
    name: 's1-v6',
    title: '1,000,000 IPv4 and 200,000 IPv6 routes in and out',
    scenario: 's1',
    args: ['--v6'],
    contenders: [GODWIT, BIRD],
    musts: [],
  },
  {
    name: 's2',
    title: '8 senders of the same 250,000 prefixes',
    scenario: 's2',
    contenders: [GODWIT, BIRD, FRR_ONCE],
    musts: [withBird('announce', 0.4)],
  },
  {
    name: 's3',
    title: '100,000 routes to 200 reflector clients',
    scenario: 's3',
    contenders: [GODWIT, RULES, BIRD, FRR_NOW],
    musts: [
      { figure: 'announce', atMost: 0.4, against: [FRR_NOW.name] },
      withBird('announce', 0.07),
      { figure: 'announce', of: RULES.name, atMost: 1.3, against: [GODWIT.name] },
    ],
  },
  {
    name: 's4',
    title: '1,000 reflector clients with 4 blocks each, cold start; then blocks move',
    scenario: 's4',
    args: ['--idle', '3'],
    contenders: [GODWIT, BIRD, FRR],
    musts: [
      { figure: 'coldstart', atMost: 0.15, against: [BIRD.name, FRR.name] },
      withBird('moves p50', 1),
      withBird('moves p99', 1),
    ],
  },
  {
    name: 's4w',
    title: '1,000 reflector clients, sessions up, all announce',
    scenario: 's4w',
    contenders: [GODWIT, BIRD, FRR_NOW],
    musts: [{ figure: 'announce', atMost: 0.5, against: [FRR_NOW.name] }],
  },
  {
    name: 's4-5000',
    title: '5,000 reflector clients, cold start',
    scenario: 's4',
    args: ['--clients', '5000', '--idle', '3'],
    contenders: [PROBED, HOLD_3],
    musts: [...crowd(PROBED.name), ...crowd(HOLD_3.name)],
  },
]
