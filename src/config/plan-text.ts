/**
 * A ReloadPlan in one sentence, and why one may not be applied. The table of a plan is the command line's (src/cli/reload-plan.ts).
 * Called by src/daemon for the log and the answer.
 */
import { exceeds, type Impact, isIdle, type NamedChange, type PeerChange, type ReloadPlan } from './diff.ts'

export interface Objection {
  readonly message: string
  readonly hint: string
}

/** Names are listed up to here. */
const NAMES_MAX = 5

/** `1 peer reset, 2 peers added, 1 static route removed; 3 peers untouched`, or `nothing changes`. */
export function summarisePlan(plan: ReloadPlan): string {
  const { peers, ranges, statics, policies, settings } = plan
  if (isIdle(plan)) return `nothing changes; ${plural(peers.length, 'peer')} untouched`
  const count = (action: PeerChange['action']) => peers.filter(peer => peer.action === action).length
  const live = settings.filter(({ action }) => action === 'live').map(({ path }) => `${path} changed`)
  const parts = [
    part(count('reset'), 'peer', 'reset'),
    part(count('refresh'), 'peer', 'refreshed'),
    part(count('add'), 'peer', 'added'),
    part(count('remove'), 'peer', 'removed'),
    part(peers.filter(isLive).length, 'peer', 'changed without a reset'),
    ...rangeParts(ranges),
    ...named(statics, 'static route'),
    ...named(policies, 'policy', 'policies'),
    ...live,
  ].filter(text => text !== '')
  const untouched = peers.filter(({ action, because }) => action === 'none' && because.length === 0).length
  return `${parts.join(', ')}${parts.length > 0 ? '; ' : ''}${plural(untouched, 'peer')} untouched`
}

/** Why a plan is refused as a whole: it needs a restart, or does more to sessions than is allowed. */
export function objectionTo({ peers, ranges, settings, impact }: ReloadPlan, maxImpact: Impact): Objection | undefined {
  const fixed = settings.filter(({ action }) => action === 'restart').map(({ path }) => path)
  if (fixed.length > 0) {
    return {
      message: `${list(fixed)} cannot change while godwit runs`,
      hint: `restart godwit to have the new ${fixed.length === 1 ? 'value' : 'values'}, or put the old back`,
    }
  }
  if (!exceeds(impact, maxImpact)) return undefined
  const names = [...peers, ...ranges].filter(({ action }) => action === 'remove' || exceeds(worstOf(action), maxImpact))
  return {
    message: `the impact would be ${impact}, which is more than ${maxImpact}: ${list(names.map(text))}`,
    hint: `allow it with --max-impact ${impact}, or change less`,
  }
}

const worstOf = (action: PeerChange['action']): Impact => (action === 'add' || action === 'remove' ? 'none' : action)
const text = ({ name, action }: PeerChange): string => `${name} (${action})`
const isLive = ({ action, because }: PeerChange): boolean => action === 'none' && because.length > 0

function rangeParts(ranges: ReloadPlan['ranges']): string[] {
  const count = (action: PeerChange['action']) => ranges.filter(range => range.action === action).length
  return [
    part(count('reset'), 'peer range', 'reset'),
    part(count('refresh'), 'peer range', 'refreshed'),
    part(count('add'), 'peer range', 'added'),
    part(count('remove'), 'peer range', 'removed'),
    part(ranges.filter(isLive).length, 'peer range', 'changed without a reset'),
  ]
}

function named(changes: readonly NamedChange[], one: string, many = `${one}s`): string[] {
  const count = (action: NamedChange['action']) => changes.filter(change => change.action === action).length
  return [
    part(count('add'), one, 'added', many),
    part(count('change'), one, 'changed', many),
    part(count('remove'), one, 'removed', many),
  ]
}

function part(count: number, one: string, verb: string, many = `${one}s`): string {
  return count === 0 ? '' : `${plural(count, one, many)} ${verb}`
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function list(names: readonly string[]): string {
  const rest = names.length - NAMES_MAX
  if (rest > 0) return `${names.slice(0, NAMES_MAX).join(', ')} and ${rest} more`
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
