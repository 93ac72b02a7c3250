/**
 * `godwit explain`: what the RIB says about the paths of a prefix, in the words of the control API, and the peers that have no session beside those that
 * have one. Called by views.ts.
 */
import { formatCommunity, type Prefix } from '../../wire/index.ts'
import type { ExplanationView } from '../api/index.ts'
import type { Community, CommunityPattern, Edits } from '../policy/index.ts'
import type { ExplainedPath, Explanation, PolicyVerdict, Telling } from '../rib/index.ts'
import { routeRow } from './route-row.ts'
import type { ViewParts } from './view-parts.ts'

export function explanationView(prefix: Prefix, longest: boolean, parts: ViewParts): ExplanationView | undefined {
  const found = find(prefix, longest, parts)
  if (found === undefined) return undefined
  const { kernel } = parts
  const connected = (octets: Uint8Array) => kernel?.interfaces.connectedTo(octets)?.name
  const told = found.tellings.map(telling => tellingRow(telling))
  const up = new Set(told.map(({ peer }) => peer))
  const down = parts.current.config.peers.filter(({ name }) => !up.has(name))
  return {
    prefix: found.prefix,
    family: found.family.name,
    paths: found.paths.map(({ view, lost, imported }) => {
      return { route: routeRow(view, connected), lost: lost ?? null, imported: importRow(imported) }
    }),
    tellings: [...told, ...down.map(({ name }) => ({ ...NOTHING, peer: name, reason: 'not Established' as const }))],
  }
}

const NOTHING = { told: false, path: null, pathId: null, exported: null, pending: false }

function find(prefix: Prefix, longest: boolean, { rib }: ViewParts): Explanation | undefined {
  const shortest = longest ? 0 : prefix.length
  for (let length = prefix.length; length >= shortest; length--) {
    const found = rib.explain({ ...prefix, length })
    if (found !== undefined) return found
  }
  return undefined
}

function importRow(imported: ExplainedPath['imported']): ExplanationView['paths'][number]['imported'] {
  return imported === undefined ? null : { ...verdictRow(imported), blockedByLimit: imported.isBlockedByLimit }
}

function tellingRow({
  peerName,
  reason,
  path,
  pathId,
  exported,
  isPending,
}: Telling): ExplanationView['tellings'][number] {
  return {
    peer: peerName,
    told: reason === undefined,
    reason: reason ?? null,
    path: path ?? null,
    pathId: pathId ?? null,
    exported: exported === undefined ? null : verdictRow(exported),
    pending: isPending,
  }
}

function verdictRow({ decidedBy, isAccepted, edits }: PolicyVerdict) {
  return { decidedBy, accepted: isAccepted, changes: describeEdits(edits) }
}

/** The changes of a policy, in the words of the configuration. */
function describeEdits(edits: Edits): string[] {
  const { localPref, localPrefFromMetric, med, prepend, addCommunities, removeCommunities, preference } = edits
  const list = (values: readonly (Community | CommunityPattern)[]) => values.map(communityText).join(' ')
  return [
    ...(localPref === undefined ? [] : [`localPref ${localPref}`]),
    ...(localPrefFromMetric === undefined ? [] : [`localPref from the metric (${localPrefFromMetric} without one)`]),
    ...(med === undefined ? [] : [`med ${med}`]),
    ...(prepend === undefined ? [] : [`prepend ${prepend.join(' ')}`]),
    ...(removeCommunities === undefined ? [] : [`remove communities ${list(removeCommunities)}`]),
    ...(addCommunities === undefined ? [] : [`add communities ${list(addCommunities)}`]),
    ...(preference === undefined ? [] : [`preference ${preference}`]),
    ...(edits.nextHopSelf === true ? ['next hop self'] : []),
  ]
}

/** `64512:10`, `64512:1:2`; a number that may be any is `*`. */
function communityText(community: Community | CommunityPattern): string {
  if (typeof community === 'number') return formatCommunity(community)
  const isPattern = 'mask' in community
  const value = numbersOf(isPattern ? community.value : community)
  const mask = isPattern ? numbersOf(community.mask) : value.map(() => 1)
  return value.map((number, k) => (mask[k] === 0 ? '*' : String(number))).join(':')
}

const numbersOf = (community: Community): readonly number[] =>
  typeof community === 'number' ? [community >>> 16, community & 0xffff] : community
