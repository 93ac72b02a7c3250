/** One row of `show routes`: a path of the RIB in the words of the control API. Called by views.ts, once per row. */
import { type Attribute, formatAttributeValue, parseAddress } from '../../wire/index.ts'
import type { RouteRow } from '../api/index.ts'
import type { RouteView } from '../rib/index.ts'

const ORIGINS = ['igp', 'egp', 'incomplete'] as const

/** `connected` names the interface whose subnet holds an address, for next hops whose device the kernel chooses. */
export function routeRow(view: RouteView, connected: (octets: Uint8Array) => string | undefined): RouteRow {
  const attributes = new Map(view.attributes.map(attribute => [attribute.type, attribute]))
  const nextHop = view.nextHop ?? null
  const gateway = nextHop === null ? undefined : parseAddress(nextHop)
  return {
    prefix: view.prefix,
    family: view.family.name,
    best: view.best,
    source: view.source,
    peer: view.source === 'bgp' ? view.peerName : null,
    type: view.local?.type ?? 'unicast',
    nextHop,
    interface: view.local?.interfaceName || (gateway && connected(gateway)) || null,
    preference: view.preference,
    localPref: value(attributes.get('local-pref')),
    med: value(attributes.get('med')),
    asPath: text(attributes.get('as-path')),
    origin: origin(attributes.get('origin')),
    communities: communities(attributes.get('communities')),
    extendedCommunities: words(attributes.get('extended-communities')),
    largeCommunities: largeCommunities(attributes.get('large-communities')),
    originatorId: text(attributes.get('originator-id')) || null,
    clusterList: words(attributes.get('cluster-list')),
    lostOn: view.lostOn ?? null,
    unusable: view.unusable ?? null,
    via: view.via ?? null,
    metric: view.metric ?? null,
    pathId: view.pathId ?? null,
  }
}

function value(attribute: Attribute | undefined): number | null {
  return attribute?.type === 'local-pref' || attribute?.type === 'med' ? attribute.value : null
}

function origin(attribute: Attribute | undefined): RouteRow['origin'] {
  return (attribute?.type === 'origin' && ORIGINS[attribute.origin]) || null
}

function communities(attribute: Attribute | undefined): string[] {
  return attribute?.type === 'communities' ? attribute.values.map(one => `${one >>> 16}:${one & 0xffff}`) : []
}

function largeCommunities(attribute: Attribute | undefined): string[] {
  return attribute?.type === 'large-communities' ? attribute.values.map(parts => parts.join(':')) : []
}

/** Lists that wire prints one word an item. */
function words(attribute: Attribute | undefined): string[] {
  const line = text(attribute)
  return line === '' ? [] : line.split(' ')
}

function text(attribute: Attribute | undefined): string {
  return attribute === undefined ? '' : formatAttributeValue(attribute)
}
