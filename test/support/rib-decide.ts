/**
 * The decision process as eliminations in the words of RFC 4271 9.1.2.2, over objects and without a thought for speed; what
 * it leaves is the one best path. Ranking and multipath sets follow from it. The truth for the property tests.
 */
import type { LocalRoute, RibPeer, SelectionOptions } from '../../src/rib/index.ts'
import { hexOf, type TestAttributes } from './rib-wire.ts'

/** One path, as it came in and as import policy left it. */
export interface ModelPath {
  readonly sourceId: number
  /** With which it came; 0 without ADD-PATH. */
  readonly pathId: number
  readonly peer: RibPeer | undefined
  readonly local: LocalRoute | undefined
  readonly source: 'bgp' | 'kernel' | 'direct' | 'static'
  /** As the peer sent it, and what is left of that by RFC 7606. */
  readonly sent: TestAttributes
  readonly received: TestAttributes
  readonly attributes: TestAttributes
  readonly hasPolicyMed: boolean
  /** Names the attribute set this path needs, and the one it was derived from. */
  readonly sets: readonly string[]
  /** Kept in the Adj-RIB-In only: it loops, or was refused. */
  readonly isKeptAside?: boolean
}

/** What a choice depends on besides the paths. */
export interface Choice extends SelectionOptions {
  /** Metric to the next hop of a path; all are reachable. */
  readonly metric: (path: ModelPath) => number
  readonly ownRouterId: number
}

const LLGR_STALE = 0xffff0006

const keepMin = <T>(items: readonly T[], value: (item: T) => number): T[] => {
  const least = Math.min(...items.map(value))
  return items.filter(item => value(item) === least)
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return a.length - b.length || (hexOf(a) < hexOf(b) ? -1 : hexOf(a) > hexOf(b) ? 1 : 0)
}

/** Those that are left after the step of the metric. */
function equals(paths: readonly ModelPath[], choice: Choice): ModelPath[] {
  const { alwaysCompareMed = false, missingMedAsWorst = false } = choice
  const neighbour = (p: ModelPath) => (alwaysCompareMed ? 0 : (p.attributes.path[0] ?? 0))
  const none = missingMedAsWorst ? 0xffffffff : 0
  const med = (p: ModelPath) => (p.local === undefined ? (p.attributes.med ?? none) : 0)
  let left = keepMin(paths, p => Number(p.attributes.communities?.includes(LLGR_STALE) ?? false))
  left = keepMin(left, p => -(p.local?.preference ?? 100))
  left = keepMin(left, p => -(p.attributes.localPref ?? 100))
  left = keepMin(left, p => p.attributes.path.length)
  left = keepMin(left, p => p.attributes.origin)
  left = left.filter(p => !left.some(q => neighbour(q) === neighbour(p) && med(q) < med(p)))
  left = keepMin(left, p => (p.peer?.kind === 'ibgp' ? 1 : 0))
  return keepMin(left, choice.metric)
}

const identifier = (p: ModelPath, { ownRouterId }: Choice) =>
  p.attributes.originatorId ?? p.peer?.routerId ?? ownRouterId

/** Best first, of paths equal through the metric. */
function order(paths: readonly ModelPath[], choice: Choice): ModelPath[] {
  return paths.toSorted((p, q) => {
    const byAddress = p.peer && q.peer ? compareBytes(p.peer.address, q.peer.address) : 0
    return (
      identifier(p, choice) - identifier(q, choice) ||
      (p.attributes.clusterList?.length ?? 0) - (q.attributes.clusterList?.length ?? 0) ||
      byAddress ||
      p.sourceId - q.sourceId ||
      p.pathId - q.pathId
    )
  })
}

/** The best path; `held` was it before. */
export function decide(paths: readonly ModelPath[], choice: Choice, held?: ModelPath): ModelPath | undefined {
  if (paths.length === 0) return undefined
  const left = equals(paths, choice)
  const isKept = choice.preferOlder === true && held !== undefined && left.includes(held) && held.peer?.kind === 'ebgp'
  // RFC 5004 3: the others of its own identifier are no newer routes of somebody else.
  const candidates = isKept ? left.filter(p => identifier(p, choice) === identifier(held, choice)) : left
  return order(candidates, choice)[0]
}

/** The best `limit` paths, each the best of what those before it leave. */
export function rank(paths: readonly ModelPath[], choice: Choice, limit: number): ModelPath[] {
  const ranked: ModelPath[] = []
  for (let left = [...paths]; left.length > 0 && ranked.length < limit; ) {
    const best = decide(left, choice)
    if (best === undefined) break
    ranked.push(best)
    left = left.filter(path => path !== best)
  }
  return ranked
}

/** The paths as good as the best one through the metric, best first, each next hop once. */
export function multipathSet(paths: readonly ModelPath[], choice: Choice): ModelPath[] {
  const { multipath = { ebgp: 1, ibgp: 1 } } = choice
  if (paths.length === 0) return []
  const seen = new Set<string | undefined>()
  const chosen = order(equals(paths, choice), choice).filter(({ attributes: { nextHop } }) => {
    const isNew = !seen.has(nextHop)
    seen.add(nextHop)
    return isNew
  })
  const [best] = chosen
  if (best?.local !== undefined) return [best]
  return chosen.slice(0, best?.peer?.kind === 'ibgp' ? multipath.ibgp : multipath.ebgp)
}
