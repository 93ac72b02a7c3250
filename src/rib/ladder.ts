/**
 * The decision process as a list, to be read next to RFC 4271 9.1 and RFC 4456 9: one row per step, in order, with the
 * section that asks for it. The first step on which two paths differ decides. decision.ts does the same, fast; a test
 * proves that both agree. Rows are asked only when somebody wants to know why (explain.ts).
 */
import { formatAddress, formatRouterId } from '../../wire/prefix.ts'

/** Everything that counts in the choice of a path. */
export interface PathFacts {
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
  /** The peer's address; absent for local sources. */
  readonly address: Uint8Array | undefined
  readonly sourceId: number
}

export interface LadderStep {
  readonly name: string
  readonly section: string
  /** Negative: `a` is better on this step; 0: it does not decide. */
  compare(a: PathFacts, b: PathFacts): number
  /** The value the step looks at, for people. */
  describe(facts: PathFacts): string
}

const ORIGINS = ['IGP', 'EGP', 'incomplete']

export const LADDER: readonly LadderStep[] = [
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
    compare: (a, b) => (a.neighbourAs === b.neighbourAs ? a.med - b.med : 0),
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

/** The step on which `a` and `b` part, and who wins it; undefined for one and the same source. */
export function firstDifference(a: PathFacts, b: PathFacts): { step: LadderStep; isFirstBetter: boolean } | undefined {
  for (const step of LADDER) {
    const order = step.compare(a, b)
    if (order !== 0) return { step, isFirstBetter: order < 0 }
  }
  return undefined
}
