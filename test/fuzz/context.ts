/**
 * The sessions in which every message is read: internal and external, two- and four-octet AS numbers, with and without MP
 * families, ADD-PATH both ways, IPv6 next hops for IPv4, extended messages, AS_SETs forbidden and allowed.
 */
import { type CodecContext, FAMILIES, IPV4_UNICAST, IPV6_UNICAST } from '../../wire/index.ts'

const base: CodecContext = { fourOctetAs: true, peerKind: 'ibgp', families: FAMILIES, maxLength: 4096 }
const extended = { maxLength: 65535, maxReceiveLength: 65535 }
const everyPath = { addPath: { receive: FAMILIES, send: FAMILIES } }

export const CONTEXTS: readonly { readonly name: string; readonly context: CodecContext }[] = [
  { name: 'ibgp', context: base },
  { name: 'ebgp', context: { ...base, peerKind: 'ebgp' } },
  { name: 'ibgp-as2', context: { ...base, fourOctetAs: false } },
  { name: 'ebgp-as2-ipv4', context: { ...base, fourOctetAs: false, peerKind: 'ebgp', families: [IPV4_UNICAST] } },
  { name: 'ibgp-extended-sets', context: { ...base, ...extended, rejectAsSets: false } },
  {
    name: 'ebgp-as2-extended-sets',
    context: { ...base, ...extended, fourOctetAs: false, peerKind: 'ebgp', rejectAsSets: false },
  },
  { name: 'ibgp-add-path', context: { ...base, ...everyPath } },
  {
    name: 'ebgp-add-path-extended',
    context: { ...base, ...extended, ...everyPath, peerKind: 'ebgp', rejectAsSets: false },
  },
  { name: 'ebgp-ipv6-only', context: { ...base, peerKind: 'ebgp', families: [IPV6_UNICAST] } },
  {
    name: 'ibgp-extended-next-hop',
    context: { ...base, extendedNextHop: [IPV4_UNICAST], addPath: { receive: [IPV6_UNICAST], send: [IPV4_UNICAST] } },
  },
]

export const contextOf = (index: number): CodecContext =>
  (CONTEXTS[index % CONTEXTS.length] ?? CONTEXTS[0])?.context ?? base

/** The longest message this session may receive, for the framer. */
export const receiveLimit = ({ maxReceiveLength = 4096 }: CodecContext): number => maxReceiveLength
