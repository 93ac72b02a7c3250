/**
 * What the control API and the metrics may see of a running speaker. The daemon implements it and hands it in; nothing here can change anything, and nothing
 * behind it is known to src/api. Rows may be built one at a time: an iterable is read in slices with other work between two `next()` calls, so it must
 * survive changes of the tables it walks (a row may be missing or new, never torn), and `return()` is called when the reader goes away.
 */
import type { Family } from '../../wire/family.ts'
import type { Prefix } from '../../wire/prefix.ts'
import type {
  ExplanationView,
  KernelRow,
  NextHopRow,
  PeerDetail,
  PeerView,
  RouteRow,
  SourceKind,
  StatusView,
} from './schema.ts'

export type { ExplanationView, KernelRow, NextHopRow, PeerDetail, PeerView, RouteRow, StatusView } from './schema.ts'

/** Absent field: no restriction. */
export interface RouteQuery {
  readonly family?: Family
  readonly prefix?: Prefix
  /** With `prefix`: the longest prefix that covers it, instead of exactly that one. */
  readonly longest: boolean
  /** Name of a peer: only its paths. The server has checked that it exists. */
  readonly peer?: string
  readonly source?: SourceKind
  /** Only the chosen path of each prefix. */
  readonly best: boolean
  /** Only paths that loop, name our own next hop or were refused on import; only the others when not. */
  readonly rejected?: boolean
  /**
   * No more rows than this are read, counted after all the other restrictions; the server reads one more than the reader asked for, to know whether there were
   * more. An implementation may ignore it.
   */
  readonly limit?: number
}

/** Whether traffic may be sent this way; `reasons` say why not, one sentence each, empty when ready. */
export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

export interface Views {
  status(): StatusView
  peers(): readonly PeerView[]
  /** One peer with its past; undefined when there is none of that name. */
  peer(name: string): PeerDetail | undefined
  routes(query: RouteQuery): Iterable<RouteRow>
  /** Exactly this prefix, or with `longest` the longest that covers it; undefined when it has no path. */
  explain(prefix: Prefix, longest: boolean): ExplanationView | undefined
  nextHops(): Iterable<NextHopRow>
  kernel(): Iterable<KernelRow>
  readiness(): Readiness
}
