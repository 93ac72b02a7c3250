/**
 * Routes as people and machines outside want to see them: one row per path. Cold; everything is decoded anew.
 *
 * Rows are made one at a time and the table may change between two of them: a row may be missing or new, never torn.
 * Called by rib.ts for the API and the command line.
 */
import { decodeCanonicalAttributes } from '../../wire/attribute/codec.ts'
import { FAMILIES, type Family } from '../../wire/family.ts'
import { clearHostBits, formatAddress, formatPrefix, type Prefix } from '../../wire/prefix.ts'
import { Flag, KEPT_ASIDE } from './attribute-record.ts'
import type { Core } from './core.ts'
import { preferenceOfSet, type TablePath, whyLost, whyUnusable } from './explain.ts'
import { ExportExplainer, type LiveSession, verdictOf } from './explain-export.ts'
import type { ExplainedPath, Explanation, NextHopView, RouteQuery, RouteView } from './port.ts'
import type { RouteTable } from './route-table.ts'
import { sourceKind } from './source-table.ts'

/** All paths that a query asks for, best path of each prefix first. */
export function* routes(core: Core, query: RouteQuery): Iterable<RouteView> {
  let left = query.limit ?? Number.POSITIVE_INFINITY
  for (const family of FAMILIES) {
    if (query.family !== undefined && query.family !== family) continue
    for (const id of prefixIds(core.table(family), query)) {
      for (const { view } of explained(core, family, id)) {
        if (!isWanted(view, query)) continue
        if (left-- <= 0) return
        yield view
      }
    }
  }
}

function isWanted(view: RouteView, { peer, source, best, rejected = false }: RouteQuery): boolean {
  if (isKeptAside(view) !== rejected) return false
  if (peer !== undefined && view.sourceId !== peer) return false
  if (source !== undefined && view.source !== source) return false
  return best !== true || view.best
}

function isKeptAside({ unusable }: RouteView): boolean {
  return unusable !== undefined && unusable !== 'next hop unreachable'
}

function* prefixIds(table: RouteTable, { prefix, longest }: RouteQuery): Iterable<number> {
  const { prefixes } = table
  if (prefix === undefined) {
    for (let id = 1; id < prefixes.idLimit; id++) if (hasPaths(table, id)) yield id
    return
  }
  if (prefix.family !== table.family) return
  const shortest = longest === true ? 0 : prefix.length
  for (let length = prefix.length; length >= shortest; length--) {
    const id = find(table, prefix, length)
    if (id === 0 || !hasPaths(table, id)) continue
    yield id
    return
  }
}

function find({ prefixes }: RouteTable, { family, words }: Prefix, length: number): number {
  const { words: masked } = clearHostBits({ family, words, length })
  return prefixes.lookup(masked[0] ?? 0, masked[1] ?? 0, masked[2] ?? 0, masked[3] ?? 0, length)
}

function hasPaths({ prefixes }: RouteTable, id: number): boolean {
  return prefixes.isLive(id) && prefixes.head(id) !== 0
}

/** The paths of a prefix, the best first. */
function pathsOf({ prefixes, paths }: RouteTable, id: number): number[] {
  const found: number[] = []
  for (let path = prefixes.head(id); path !== 0; path = paths.next(path)) found.push(path)
  return found
}

function explained(core: Core, family: Family, id: number): ExplainedPath[] {
  const table = core.table(family)
  const words = [0, 1, 2, 3].slice(0, family.words).map(k => table.prefixes.word(id, k))
  const prefix = formatPrefix(family, words, table.prefixes.lengthOf(id))
  const candidates = pathsOf(table, id)
  return candidates.map((path, i) => {
    const lost = whyLost(core, table, candidates, path)
    const view = pathView(core, family, prefix, { table, path })
    const best = i === 0 && view.unusable === undefined
    if (lost === undefined) return { view: { ...view, best } }
    return { view: { ...view, best, lostOn: lost.step }, lost }
  })
}

function pathView(core: Core, family: Family, prefix: string, { table, path }: TablePath): RouteView {
  const { store, sources, nextHops, localRoutes, resolution } = core
  const set = table.paths.setOf(path)
  const sourceId = store.sourceOf(set)
  const nextHop = nextHops.get(store.nextHopOf(set))
  const local = localRoutes.get(set)
  const start = store.startOf(set)
  const end = start + store.lengthOf(set)
  // A local set begins with the synthetic attribute, which nobody outside knows.
  const first = local === undefined ? start : start + 3 + (store.bytes[start + 2] ?? 0)
  const unusable = whyUnusable(core, set)
  const via = local === undefined && nextHop !== undefined ? resolution?.via(nextHop) : undefined
  const hasPathId = sources.get(sourceId)?.hasPathIds(family) === true
  return {
    family,
    prefix,
    best: false,
    source: sourceKind(sourceId),
    sourceId,
    peerName: sources.nameOf(sourceId),
    attributes: decodeCanonicalAttributes(store.bytes, first, end),
    preference: preferenceOfSet(core, set),
    ...(nextHop !== undefined && { nextHop: nextHop.text }),
    ...(hasPathId && { pathId: table.paths.receivedIdOf(path) >>> 0 }),
    ...(via !== undefined && { metric: via.metric, via: via.prefix }),
    ...(local !== undefined && { local }),
    ...(unusable !== undefined && { unusable }),
  }
}

/** Why the paths of a prefix rank as they do; undefined when there are none. */
export function explain(core: Core, prefix: Prefix, sessions: Iterable<LiveSession> = []): Explanation | undefined {
  const table = core.table(prefix.family)
  const id = find(table, prefix, prefix.length)
  if (id === 0 || !hasPaths(table, id)) return undefined
  const ids = pathsOf(table, id)
  const paths = explained(core, prefix.family, id).map((one, index): ExplainedPath => {
    const imported = importOf(core, table, id, ids[index] ?? 0)
    return imported === undefined ? one : { ...one, imported }
  })
  const explainer = new ExportExplainer(core, table, id, ids)
  const tellings = Array.from(sessions).flatMap(session => explainer.tellings(session))
  return { prefix: paths[0]?.view.prefix ?? '', family: prefix.family, paths, tellings }
}

/** What import policy says about what was received. */
function importOf(core: Core, table: RouteTable, prefix: number, path: number): ExplainedPath['imported'] {
  const { store, sources } = core
  const set = table.paths.setOf(path)
  const received = store.receivedOf(set)
  const record = sources.get(store.sourceOf(set))
  if (record === undefined || (store.flagsOf(received) & KEPT_ASIDE) !== 0) return undefined
  const verdict = verdictOf(core, record.peer.importPolicy, table, { prefix, set: received })
  return { ...verdict, isBlockedByLimit: verdict.isAccepted && (store.flagsOf(set) & Flag.REJECTED) !== 0 }
}

/** The next hops of routes from neighbours, and what leads to them. */
export function* nextHopViews({ nextHops, resolution }: Core): Iterable<NextHopView> {
  for (const nextHop of nextHops) {
    const via = resolution?.via(nextHop)
    yield {
      address: nextHop.text,
      isReachable: resolution === undefined || via !== undefined,
      ...(nextHop.linkLocal !== undefined && { linkLocal: formatAddress(nextHop.linkLocal) }),
      ...(via !== undefined && {
        metric: via.metric,
        via: via.prefix,
        isConnected: via.isConnected,
        interfaceIndex: via.interfaceIndex,
      }),
    }
  }
}
