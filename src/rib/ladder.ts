/**
 * The decision process as a list, to be read next to RFC 4271 9.1 and RFC 4456 9: one row per step, in order, with the
 * section that asks for it. The first step on which two paths differ decides. decision.ts does the same, fast; a test
 * proves that both agree. Rows are asked only when somebody wants to know why (explain.ts).
 */
import { formatAddress, formatRouterId } from '../../wire/prefix.ts'
import type { SelectionOptions, UnusableReason } from './port.ts'

/** Everything that counts in the choice of a path. */
export interface PathFacts {
  /** Why it may not be a route at all. */
  readonly unusable: UnusableReason | undefined
  /** Long-lived stale (RFC 9494). */
  readonly isStale: boolean
  readonly preference: number
  readonly localPref: number
  readonly asPathLength: number
  readonly origin: number
  readonly neighbourAs: number
  readonly med: number
  readonly isInternal: boolean
  /** Metric to the next hop. */
  readonly metric: number
  /** ORIGINATOR_ID, else the peer's identifier. */
  readonly routerId: number
  readonly clusterListLength: number
  /** It was the best path already when the other one came. */
  readonly isHeld: boolean
  /** The peer's address; absent for local sources. */
  readonly address: Uint8Array | undefined
  readonly sourceId: number
  /** With which it came, unsigned (RFC 7911 3); 0 without ADD-PATH. */
  readonly pathId: number
}

export interface LadderStep {
  readonly name: string
  readonly section: string
  /** Negative: `a` is better on this step; 0: it does not decide. */
  compare(a: PathFacts, b: PathFacts, options: SelectionOptions): number
  /** The value the step looks at, for people. */
  describe(facts: PathFacts): string
}

const ORIGINS = ['IGP', 'EGP', 'incomplete']

export const LADDER: readonly LadderStep[] = [
  {
    name: 'usable',
    section: 'RFC 4271 9.1.2, 9.1.2.1; RFC 4456 8',
    compare: (a, b) => Number(a.unusable !== undefined) - Number(b.unusable !== undefined),
    describe: facts => facts.unusable ?? 'usable',
  },
  {
    name: 'long-lived-stale',
    section: 'RFC 9494 4.3',
    compare: (a, b) => Number(a.isStale) - Number(b.isStale),
    describe: facts => (facts.isStale ? 'long-lived stale' : 'not stale'),
  },
  {
    name: 'preference',
    section: 'local: the source of the route, before BGP is asked',
    compare: (a, b) => b.preference - a.preference,
    describe: facts => `preference ${facts.preference}`,
  },
  {
    name: 'local-pref',
    section: 'RFC 4271 9.1.1',
    compare: (a, b) => b.localPref - a.localPref,
    describe: facts => `LOCAL_PREF ${facts.localPref}`,
  },
  {
    name: 'as-path-length',
    section: 'RFC 4271 9.1.2.2 a',
    compare: (a, b) => a.asPathLength - b.asPathLength,
    describe: facts => `AS_PATH length ${facts.asPathLength}`,
  },
  {
    name: 'origin',
    section: 'RFC 4271 9.1.2.2 b',
    compare: (a, b) => a.origin - b.origin,
    describe: facts => `ORIGIN ${ORIGINS[facts.origin] ?? facts.origin}`,
  },
  {
    name: 'med',
    section: 'RFC 4271 9.1.2.2 c',
    compare: (a, b, options) =>
      options.alwaysCompareMed === true || a.neighbourAs === b.neighbourAs ? a.med - b.med : 0,
    describe: facts => `MED ${facts.med} from AS ${facts.neighbourAs}`,
  },
  {
    name: 'external',
    section: 'RFC 4271 9.1.2.2 d',
    compare: (a, b) => Number(a.isInternal) - Number(b.isInternal),
    describe: facts => (facts.isInternal ? 'learnt from an internal peer' : 'learnt from an external peer'),
  },
  {
    name: 'metric',
    section: 'RFC 4271 9.1.2.2 e',
    compare: (a, b) => a.metric - b.metric,
    describe: facts => `metric ${facts.metric} to the next hop`,
  },
  {
    name: 'prefer-older',
    section: 'RFC 5004 3',
    compare: (a, b, options) => {
      const counts = options.preferOlder === true && !a.isInternal && !b.isInternal && a.routerId !== b.routerId
      return counts ? Number(b.isHeld) - Number(a.isHeld) : 0
    },
    describe: facts => (facts.isHeld ? 'the best path so far' : 'newer'),
  },
  {
    name: 'router-id',
    section: 'RFC 4271 9.1.2.2 f, RFC 4456 9',
    compare: (a, b) => a.routerId - b.routerId,
    describe: facts => `router id ${formatRouterId(facts.routerId)}`,
  },
  {
    name: 'cluster-list-length',
    section: 'RFC 4456 9',
    compare: (a, b) => a.clusterListLength - b.clusterListLength,
    describe: facts => `CLUSTER_LIST length ${facts.clusterListLength}`,
  },
  {
    name: 'peer-address',
    section: 'RFC 4271 9.1.2.2 g',
    compare: (a, b) => compareAddresses(a.address, b.address),
    describe: facts => (facts.address === undefined ? 'local' : `peer ${formatAddress(facts.address)}`),
  },
  {
    name: 'source',
    section: 'local: the session that came up with the lower number, so that the order is total',
    compare: (a, b) => a.sourceId - b.sourceId,
    describe: facts => `source ${facts.sourceId}`,
  },
  {
    name: 'path-id',
    section: 'local: the lower path identifier of one session (RFC 7911 3), so that the order is total',
    compare: (a, b) => a.pathId - b.pathId,
    describe: facts => `path id ${facts.pathId}`,
  },
]

/** IPv4 before IPv6, then the lower one. */
function compareAddresses(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined || b === undefined) return 0
  if (a.length !== b.length) return a.length - b.length
  for (const [i, octet] of a.entries()) {
    const difference = octet - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The step on which `a` and `b` part, and who wins it; undefined for one and the same path. */
export function firstDifference(
  a: PathFacts,
  b: PathFacts,
  options: SelectionOptions = {},
): { step: LadderStep; isFirstBetter: boolean } | undefined {
  for (const step of LADDER) {
    const order = step.compare(a, b, options)
    if (order !== 0) return { step, isFirstBetter: order < 0 }
  }
  return undefined
}
