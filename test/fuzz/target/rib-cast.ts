/**
 * The cast of RIB episodes: six kinds of session and a few local routes. Policies that look at prefixes, at communities and
 * at neither; two- and four-octet AS numbers; one and two families; reflection, external peers, own next hops.
 */
import { ACCEPT_ALL, compilePolicy, type Policy } from '../../../src/policy/index.ts'
import type { LocalSource, RibPeer } from '../../../src/rib/index.ts'
import { FAMILIES, IPV4_UNICAST, type Prefix, parsePrefix } from '../../../wire/index.ts'

export const LOCAL_ASN = 64512

const byPrefix: Policy = {
  name: 'by prefix and community',
  terms: [
    { match: { prefixes: [{ prefix: known('10.1.0.0/16'), minLength: 16, maxLength: 24 }] }, action: 'reject' },
    {
      match: { prefixes: [{ prefix: known('10.0.0.0/8'), minLength: 8, maxLength: 32 }] },
      set: { med: 7, addCommunities: [0xfc000009] },
      action: 'accept',
    },
    { match: { communities: [0xffffff01] }, set: { localPref: 7, removeCommunities: [0xffffff01] }, action: 'accept' },
  ],
  otherwise: 'accept',
}
const bySet: Policy = {
  name: 'by community',
  terms: [
    { match: { communities: [0xffffff02] }, set: { addCommunities: [1, 2, 3], nextHopSelf: true }, action: 'next' },
  ],
  otherwise: 'accept',
}
const all = compilePolicy(ACCEPT_ALL)
const edited = compilePolicy(byPrefix)
const shared = compilePolicy(bySet)

function known(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`no prefix: ${text}`)
  return prefix
}

/** What sessions have in common; names and addresses are given when they come up. */
export type Profile = Omit<RibPeer, 'name' | 'routerId' | 'address'>

const base: Profile = {
  kind: 'ibgp',
  asn: LOCAL_ASN,
  localAsn: LOCAL_ASN,
  localAddress: Uint8Array.of(10, 255, 0, 1),
  families: FAMILIES,
  fourOctetAs: true,
  maxLength: 4096,
  reflectorClient: true,
  clusterId: 0x0aff0001,
  nextHopSelf: false,
  importPolicy: all,
  exportPolicy: all,
  nextHops: { ipv6: Uint8Array.from([0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 1]) },
}

export const PROFILES: readonly Profile[] = [
  base,
  { ...base, importPolicy: edited, exportPolicy: shared },
  { ...base, kind: 'ebgp', asn: 65001, reflectorClient: false },
  { ...base, fourOctetAs: false, reflectorClient: false, importPolicy: shared },
  {
    ...base,
    kind: 'ebgp',
    asn: 65002,
    fourOctetAs: false,
    families: [IPV4_UNICAST],
    reflectorClient: false,
    exportPolicy: edited,
  },
  { ...base, maxLength: 65535, nextHopSelf: true, nextHops: {} },
]

export const LOCAL_PREFIXES = ['10.0.0.0/24', '10.2.0.0/16', '2001:db8::/48'].map(known)
export const LOCAL_SOURCES: readonly LocalSource[] = ['static', 'kernel', 'direct']
