/**
 * Cross checks of what a neighbour's routes go through: policies, families, reflection (RFC 4456), next hops, and what is surely not meant (RFC 8212).
 * For peers and ranges alike. Called by check.ts.
 */
import { checkPolicyUse } from './check-policy.ts'
import type { PlacedFinding } from './explain.ts'
import { familyText, found, isIpv6 } from './finding.ts'
import type { ParsedConfig, ParsedRange } from './schema.ts'
import type { Address } from './text.ts'

/** A peer, or what a range makes of whoever connects. */
export type Neighbour = Omit<ParsedRange, 'prefix' | 'limit' | 'asn'> & { readonly asn: number }

export function checkRouting(
  config: ParsedConfig,
  peer: Neighbour,
  over: { readonly address: Address },
): PlacedFinding[] {
  const isIbgp = peer.asn === config.speaker.asn
  const findings: PlacedFinding[] = []
  for (const direction of ['import', 'export'] as const)
    findings.push(...checkPolicyUse(config.policies, peer[direction], direction))
  const families: readonly string[] = peer.families ?? []
  const twice = families.findIndex((family, index) => families.indexOf(family) !== index)
  if (twice >= 0)
    findings.push(found(['families', twice], 'duplicate-value', `${families[twice]} is listed twice`, 'list it once'))
  if (peer.reflectorClient && !isIbgp) {
    findings.push(
      found(
        ['reflectorClient'],
        'contradiction',
        `AS ${peer.asn} is another AS, and clients are iBGP (RFC 4456)`,
        "take it out, or write the speaker's AS number",
      ),
    )
  } else if (peer.reflectorClient && config.reflector === undefined) {
    findings.push(
      found(
        ['reflectorClient'],
        'not-a-reflector',
        'makes it a client, but this speaker is no route reflector',
        'add a section `reflector: {}`, or take it out',
      ),
    )
  }
  return [...findings, ...checkReflection(peer), ...checkNextHops(peer), ...warnPeer(peer, isIbgp, over.address)]
}

function checkReflection({ clusterId, reflectorClient }: Neighbour): PlacedFinding[] {
  if (clusterId === undefined || reflectorClient) return []
  const message = 'says which cluster a client is in, and this neighbour is no client'
  return [found(['clusterId'], 'contradiction', message, 'add reflectorClient: true, or take it out')]
}

function checkNextHops({ nextHopSelf, nextHopMode }: Neighbour): PlacedFinding[] {
  if (!nextHopSelf || nextHopMode === undefined || nextHopMode === 'self') return []
  const message = `is ${nextHopMode}, and nextHopSelf: true says self`
  return [found(['nextHopMode'], 'contradiction', message, 'keep one of them')]
}

function warnPeer(peer: Neighbour, isIbgp: boolean, address: Address): PlacedFinding[] {
  const warnings: PlacedFinding[] = []
  const absent = (['import', 'export'] as const).filter(direction => peer[direction] === undefined)
  if (!isIbgp && absent.length > 0) {
    const effect = absent
      .map(direction => (direction === 'import' ? 'nothing is taken from it' : 'nothing is told to it'))
      .join(' and ')
    const message = `eBGP peer ${peer.name} has no ${absent.join(' and no ')} policy, so ${effect} (RFC 8212)`
    warnings.push(found([], 'no-policy', message, `set ${absent.join(' and ')}, to accept-all or a policy`))
  }
  const other = isIpv6(address) ? 'ipv4' : 'ipv6'
  const isWanted =
    peer.families?.includes(other) === true &&
    (peer.nextHopSelf || peer.nextHopMode === 'self' || (!isIbgp && peer.nextHopMode !== 'keep'))
  const isOtherKnown = peer.nextHops[other] !== undefined || (other === 'ipv4' && peer.extendedNextHop)
  if (isWanted && !isOtherKnown) {
    const message = `${other} is to run over an ${familyText(address)} session, and there is no own ${other} address to tell as next hop`
    warnings.push(found(['families'], 'no-next-hop', message, `set nextHops.${other}`))
  }
  return warnings.map(warning => ({ ...warning, isWarning: true }))
}
