/**
 * What a neighbour's routes may do beside its policies: path identifiers (RFC 7911), limits (RFC 4486), and how strictly
 * AS_PATH is judged (RFC 4271 6.3, 9.1.2; RFC 9774). Keys with their descriptions, the values the daemon gets, and what a
 * change of each does to a session. Used by schema.ts, build.ts, types.ts and diff.ts, a line each.
 */
import { z } from 'zod'
import { FAMILIES, type FamilyName } from '../../wire/family.ts'
import { numberOrText, whole } from './field.ts'
import type { Parsed } from './text.ts'
import type { RouteOptions } from './types.ts'

const FOUR_OCTETS_MAX = 4_294_967_295

const MAX_PATHS = 255

function parseAddPathSend(value: string | number): Parsed<RouteOptions['addPathSend']> {
  if (value === 'all' || value === 'multipath') return { ok: true, value }
  const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PATHS
  if (isCount) return { ok: true, value }
  const message = `is ${JSON.stringify(value)}, which is no number of paths`
  const hint = `write all, multipath or a number from 1 to ${MAX_PATHS}`
  return { ok: false, finding: { code: 'out-of-range', message, hint } }
}

const mode = z
  .enum(['receive', 'send', 'both'])
  .describe('Offer to receive several paths to a prefix from the neighbour, to send them, or both (RFC 7911).')

const count = (description: string) => whole(1, FOUR_OCTETS_MAX, description).optional()

const familyLimits = z.strictObject({
  received: count('Most routes from the neighbour, before import policy.'),
  accepted: count('Most routes from the neighbour that import policy accepts.'),
  action: z
    .enum(['warn', 'block', 'reset'])
    .default('reset')
    .describe('Beyond a limit: log it, take no new prefixes, or end the session with Cease 6/1 (RFC 4486 4).'),
})

/** The keys of a peer, to be spread into its schema. */
export const ROUTE_KEYS = {
  addPath: z
    .strictObject({
      ipv4: mode.optional(),
      ipv6: mode.optional(),
    })
    .default({})
    .describe(
      'Several paths to one prefix, by family (RFC 7911). Used where the neighbour offers the other side of it.',
    ),
  addPathSend: numberOrText(
    parseAddPathSend,
    'Where several paths are sent: all of them, those of the multipath set, or at most so many, 1 to 255.',
    { minimum: 1, maximum: MAX_PATHS, pattern: '^(all|multipath)$', default: 'all' },
  ).optional(),
  limits: z
    .strictObject({
      ipv4: familyLimits.describe('Limits for IPv4 routes.').optional(),
      ipv6: familyLimits.describe('Limits for IPv6 routes.').optional(),
      attributeOctets: whole(
        4096,
        FOUR_OCTETS_MAX,
        'Most octets of memory for the attributes of its routes; beyond, the session ends with Cease 6/8.',
      ).optional(),
      restart: whole(
        1,
        0xffff,
        'Seconds until a session that was ended over a limit may come back. Default: as after any failure.',
      ).optional(),
    })
    .default({})
    .describe('How many routes the neighbour may have here. Default: any number.'),
  allowOwnAs: whole(0, 10, 'How often our own AS number may be in AS_PATH before a route counts as looped.').default(0),
  enforceFirstAs: z
    .boolean()
    .default(false)
    .describe(
      "Withdraw a route whose AS_PATH does not begin with the neighbour's AS (RFC 4271 6.3). eBGP only; not for route servers.",
    ),
  rejectAsSets: z.boolean().default(true).describe('Withdraw a route with an AS_SET in its AS_PATH (RFC 9774).'),
}

const routeKeys = z.object(ROUTE_KEYS)

export function buildRouteOptions(parsed: z.output<typeof routeKeys>): RouteOptions {
  const { limits } = parsed
  return {
    addPath: byFamily(parsed.addPath),
    addPathSend: parsed.addPathSend ?? 'all',
    limits: byFamily({ ipv4: limits.ipv4, ipv6: limits.ipv6 }) as RouteOptions['limits'],
    ...(limits.attributeOctets !== undefined && { attributeOctets: limits.attributeOctets }),
    ...(limits.restart !== undefined && { limitRestartS: limits.restart }),
    allowOwnAs: parsed.allowOwnAs,
    enforceFirstAs: parsed.enforceFirstAs,
    rejectAsSets: parsed.rejectAsSets,
  }
}

/** Under the names of `wire/`, without what is not there. */
function byFamily<T>({ ipv4, ipv6 }: { readonly ipv4?: T | undefined; readonly ipv6?: T | undefined }) {
  return {
    ...(ipv4 !== undefined && { 'ipv4-unicast': ipv4 }),
    ...(ipv6 !== undefined && { 'ipv6-unicast': ipv6 }),
  }
}

/** Rows for the comparison of two configurations. */
export const ROUTE_OPTION_ROWS = [
  { key: 'addPath', impact: 'reset', read: ({ addPath }: RouteOptions) => ofFamilies(addPath) },
  { key: 'addPathSend', impact: 'reset', read: ({ addPathSend }: RouteOptions) => addPathSend },
  {
    key: 'limits',
    impact: 'none',
    read: ({ limits, attributeOctets }: RouteOptions) => [ofFamilies(limits), attributeOctets],
  },
  { key: 'limits.restart', impact: 'reset', read: ({ limitRestartS }: RouteOptions) => limitRestartS },
  { key: 'allowOwnAs', impact: 'reset', read: ({ allowOwnAs }: RouteOptions) => allowOwnAs },
  { key: 'enforceFirstAs', impact: 'reset', read: ({ enforceFirstAs }: RouteOptions) => enforceFirstAs },
  { key: 'rejectAsSets', impact: 'reset', read: ({ rejectAsSets }: RouteOptions) => rejectAsSets },
] as const

const ofFamilies = <T>(values: Readonly<Partial<Record<FamilyName, T>>>): unknown =>
  FAMILIES.map(({ name }) => values[name])
