/**
 * The keys of `policies`, in zod: conditions, changes and decisions of terms, as src/policy has them. The words are Calico's where its
 * BGPFilter has the same (spec of BGPFilter: matchOperator, interface, peerType, communities, asPathPrefix, operations).
 * Called by schema.ts; what concerns several keys is in check-policy.ts.
 */
import { z } from 'zod'
import { OWN_AS } from '../policy/policy.ts'
import { parseCommunity, parseCommunityPattern } from './community.ts'
import { asn, FOUR_OCTETS_MAX, numberOrText, settle, text, whole } from './field.ts'
import {
  lengthRange,
  type Parsed,
  parseAsn,
  parseName,
  parsePattern,
  parsePrefixMatch,
  parsePrefixText,
} from './text.ts'

const prefixText = text(
  parsePrefixMatch,
  '10.0.0.0/8 that one, 10.0.0.0/8+ that and longer ones, 10.0.0.0/8{16,24} lengths 16 to 24 in it.',
  {
    examples: ['10.0.0.0/8', '10.0.0.0/8+', '10.0.0.0/8{16,24}'],
  },
)
const prefixObject = z
  .strictObject({
    prefix: text(parsePrefixText, 'The covering prefix.'),
    ge: whole(0, 128, 'Shortest length that matches. Default: the length of the prefix.').optional(),
    le: whole(
      0,
      128,
      'Longest length that matches. Default: ge alone means any longer one, neither means the prefix itself.',
    ).optional(),
  })
  .transform(({ prefix, ge, le }, context) => {
    const longest = le ?? (ge === undefined ? prefix.length : prefix.family.bits)
    return settle(lengthRange(prefix, ge ?? prefix.length, longest), context)
  })

export const prefixMatches = (description: string) =>
  z
    .array(z.union([prefixText, prefixObject]))
    .min(1)
    .describe(description)

const patterns = (description: string, example: string) =>
  z
    .array(text(parsePattern, 'A name; * stands for any text, ? for one character.', { examples: [example] }))
    .min(1)
    .describe(description)
const communities = (description: string) =>
  z
    .array(text(parseCommunity, 'A community such as 64512:10, 64512:1:2 or no-export.', { examples: ['64512:10'] }))
    .min(1)
    .describe(description)
const communityPatterns = (description: string) =>
  z
    .array(
      text(parseCommunityPattern, 'A community such as 64512:10, 64512:1:2, no-export or 64512:* for any of them.', {
        examples: ['64512:10', '64512:*'],
      }),
    )
    .min(1)
    .describe(description)
const asns = (description: string) => z.array(asn('An AS number.')).min(1).describe(description)

const number = (description: string) => whole(0, FOUR_OCTETS_MAX, description)
/** One number, or both ends of a range. */
const range = (description: string) =>
  z
    .union([
      number(description).transform(value => ({ min: value, max: value })),
      z
        .strictObject({ min: number('The smallest that matches.').optional(), max: number('The largest.').optional() })
        .transform(({ min = 0, max = FOUR_OCTETS_MAX }) => ({ min, max })),
    ])
    .describe(description)

const peerType = (description: string) => z.enum(['ebgp', 'ibgp']).describe(description)

const asPath = z.strictObject({
  startsWith: asns('The path begins with these, in this order.').optional(),
  first: asns('The first AS, usually the neighbour, is one of these.').optional(),
  last: asns('The last AS, which originated the route, is one of these.').optional(),
  contains: asns('One of these is in the path.').optional(),
  length: range('Number of AS numbers; a set counts as one. 0 is a route of our own AS.').optional(),
})

const match = z.strictObject({
  peerType: peerType('The term counts only on sessions of this type.').optional(),
  families: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .describe('The family of the route.')
    .optional(),
  prefixes: prefixMatches(
    'Matches a route whose prefix is one of these. A list of IPv4 prefixes matches no IPv6 route.',
  ).optional(),
  exceptPrefixes: prefixMatches('Matches a route whose prefix is none of these.').optional(),
  sources: z
    .array(z.enum(['bgp', 'kernel', 'direct', 'static']))
    .min(1)
    .describe('Where the route came from: neighbours, alien kernel routes, interface addresses, statics.')
    .optional(),
  fromPeers: patterns('Matches a route that one of these neighbours told us.', 'tor-*').optional(),
  fromPeerType: peerType('Matches a route that a neighbour of this type told us.').optional(),
  interfaces: patterns('Matches a local route through one of these interfaces.', '*.calico').optional(),
  metric: range('Metric of a local route.').optional(),
  localPref: range("LOCAL_PREF, 100 if never set. Calico's priority is 2147483647 less LOCAL_PREF.").optional(),
  med: range('MULTI_EXIT_DISC, 0 if there is none.').optional(),
  communities: communityPatterns('Matches a route that has one of these.').optional(),
  allCommunities: communityPatterns('Matches a route that has each of these.').optional(),
  asPath: asPath.describe('All of these must hold of AS_PATH.').optional(),
  nextHops: z
    .array(text(parsePrefixText, 'Network with length.'))
    .min(1)
    .describe('Matches a route whose next hop, as it came, is in one of these networks.')
    .optional(),
})

/** `own`, or an AS number. */
function parseOwnOrAsn(value: string | number): Parsed<number> {
  return value === 'own' ? { ok: true, value: OWN_AS } : parseAsn(value)
}

const MAX_PREPEND = 32
const prepended = numberOrText(parseOwnOrAsn, 'An AS number, or own for ours.', {
  minimum: 1,
  maximum: FOUR_OCTETS_MAX,
  pattern: '^(own|\\d+(\\.\\d+)?)$',
})

const edits = z.strictObject({
  localPref: number('LOCAL_PREF; higher is better, 100 if never set. Not told to eBGP neighbours.').optional(),
  localPrefFromMetric: number(
    "LOCAL_PREF of local routes becomes 2147483647 less their metric, as Calico's priorities do; this is the metric of those without one, 1024 in Calico.",
  ).optional(),
  med: number('MULTI_EXIT_DISC; lower is better.').optional(),
  prepend: z
    .array(prepended)
    .min(1)
    .max(MAX_PREPEND)
    .describe('AS numbers to put in front of AS_PATH, the first one foremost. eBGP neighbours see our own before them.')
    .optional(),
  addCommunities: communities('Communities to add.').optional(),
  removeCommunities: communityPatterns('Communities to take away.').optional(),
  preference: whole(
    0,
    32_766,
    'Preference among sources; higher wins before anything of BGP is compared. BGP has 100, statics 200. Import only.',
  ).optional(),
  nextHopSelf: z.literal(true).describe('Tell our own address as next hop. Export only.').optional(),
})

const term = z.strictObject({
  name: text(parseName, 'For people.').optional(),
  match: match.default({}).describe('All of these must hold. Nothing here matches every route.'),
  set: edits.describe('What to change on the routes that match.').optional(),
  action: z.enum(['accept', 'reject', 'next']).describe('accept, reject, or next to go on with the following term.'),
})

export const policy = z.strictObject({
  terms: z.array(term).default([]).describe('Tried in order.'),
  otherwise: z.enum(['accept', 'reject']).describe('accept or reject, for routes that no term decided.'),
})
export type ParsedPolicy = z.output<typeof policy>
export type ParsedTerm = z.output<typeof term>
