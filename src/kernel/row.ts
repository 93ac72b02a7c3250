/**
 * Lines of `show kernel`: a route the speaker wants, and how far it got. Cold; made on demand from sync's arrays.
 */
import { constants } from 'node:os'
import type { FamilyName } from '../../wire/family.ts'
import { formatAddress, formatPrefix } from '../../wire/prefix.ts'
import type { Interfaces } from './interfaces.ts'
import type { KernelState } from './ledger.ts'
import type { PrefixStates } from './prefix-state.ts'
import type { RouteType } from './route.ts'
import { NO_TARGET, type TargetTable } from './target.ts'
import type { TextTable } from './text-table.ts'

export interface NextHopRow {
  readonly gateway: string | null
  /** Name of the device, from the kernel or from the connected subnet of the gateway; null when unknown. */
  readonly interface: string | null
  readonly isOnlink: boolean
}

export interface KernelRow {
  readonly prefix: string
  readonly family: FamilyName
  readonly type: RouteType
  /** Of the first next hop, as `interface`. */
  readonly gateway: string | null
  readonly interface: string | null
  /** One, or several (ECMP); none for a blackhole and its like. */
  readonly nextHops: readonly NextHopRow[]
  readonly metric: number
  readonly state: KernelState
  /** Positive errno of the last refusal, and its words: the kernel's own where it had any. */
  readonly errno: number | null
  /** "EEXIST". */
  readonly errnoName: string | null
  readonly reason: string | null
  /** Milliseconds in the present state. */
  readonly ageMs: number
}

/** What rows are made from. */
export interface SyncView {
  readonly families: readonly PrefixStates[]
  readonly targets: TargetTable
  readonly texts: TextTable
  readonly interfaces: Pick<Interfaces, 'nameOf' | 'connectedTo'>
  /** The target the kernel is to have. */
  wanted(states: PrefixStates, id: number): number
  stateOf(states: PrefixStates, id: number): KernelState
}

export function* rowsOf(view: SyncView, now: number): Generator<KernelRow> {
  for (const states of view.families) {
    for (let id = 1; id < states.table.idLimit; id++) {
      if (states.desired[id] !== NO_TARGET) yield rowOf(view, states, { id, now })
    }
  }
}

function rowOf(view: SyncView, states: PrefixStates, { id, now }: { id: number; now: number }): KernelRow {
  const { family, table } = states
  const { targets } = view
  const wanted = view.wanted(states, id)
  const state = view.stateOf(states, id)
  const shown = state === 'confirmed' ? states.actual[id]! : wanted
  const nextHops = Array.from({ length: targets.legs(shown) }, (_, leg) => nextHopOf(view, shown, leg))
  const words = Array.from({ length: family.words }, (_, k) => table.word(id, k))
  const errno = states.errno[id]!
  return {
    prefix: formatPrefix(family, words, table.lengthOf(id)),
    family: family.name,
    type: targets.type(wanted),
    gateway: nextHops[0]?.gateway ?? null,
    interface: nextHops[0]?.interface ?? null,
    nextHops,
    metric: targets.metric(wanted, family.index),
    state,
    errno: errno === 0 ? null : errno,
    errnoName: errno === 0 ? null : errnoName(errno),
    reason: errno === 0 ? null : view.texts.get(states.reason[id]!) || null,
    ageMs: now - states.since[id]!,
  }
}

function nextHopOf({ targets, interfaces }: SyncView, target: number, leg: number): NextHopRow {
  const gateway = targets.gateway(target, leg)
  const index = targets.interfaceIndex(target, leg)
  const device = index !== 0 ? interfaces.nameOf(index) : gateway && interfaces.connectedTo(gateway)?.name
  return {
    gateway: gateway === undefined ? null : formatAddress(gateway),
    interface: device ?? null,
    isOnlink: targets.isOnlink(target, leg),
  }
}

/** 17 becomes EEXIST; a number without a name stays one. */
function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? String(errno)
}
