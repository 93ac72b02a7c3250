/**
 * Every document the control API speaks, as zod schemas. They are the single source: the types of the views are inferred from them, the OpenAPI page is
 * generated from them, the tests check every answer against them, and the command line reads its columns from the inferred types.
 *
 * One thing is `{ schema: 'godwit/v1', kind, item }`, many are `{ schema, kind, items, count, truncated }`. A value that is not known is null, never
 * absent: a reader can tell "no" from "older daemon". Fields may be added under the same schema name, never renamed or removed.
 * Called by src/api (answers, OpenAPI), src/daemon (types of what it hands in) and src/cli (types only).
 */
import { z } from 'zod'

export const SCHEMA_NAME = 'godwit/v1'

const count = z.number().int().nonnegative()
const text = z.string()

export const FamilyNameSchema = z
  .enum(['ipv4-unicast', 'ipv6-unicast'])
  .describe('address family, AFI and SAFI by name')
export const SourceKindSchema = z.enum(['bgp', 'kernel', 'direct', 'static']).describe('where a path comes from')
const PeerStateSchema = z
  .enum(['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'])
  .describe('state of RFC 4271 8.2.2')
const RouteTypeSchema = z
  .enum(['unicast', 'blackhole', 'unreachable', 'prohibit'])
  .describe('what is done with a packet for the prefix')
const KernelStateSchema = z
  .enum(['confirmed', 'desired', 'pending', 'failed', 'conflict'])
  .describe(
    'confirmed: in the kernel as wanted; desired: waits for its turn; pending: sent, no answer yet; failed: refused; conflict: an alien route is in the way',
  )

const MessageCountsSchema = z.object({
  open: count,
  update: count,
  notification: count,
  keepalive: count,
  routeRefresh: count,
})

export const PeerViewSchema = z
  .object({
    name: text.describe('name in the configuration'),
    address: text.describe('address of the neighbour'),
    asn: count.describe('AS number of the neighbour'),
    range: text.nullable().describe('the range it connected from; null for a configured peer'),
    localAsn: count,
    kind: z.enum(['ibgp', 'ebgp']),
    state: PeerStateSchema,
    sinceMs: z.number().nonnegative().describe('milliseconds in the present state'),
    uptimeS: z.number().nonnegative().nullable().describe('seconds since Established, null when it is not'),
    families: z.array(FamilyNameSchema).describe('negotiated when Established, else configured'),
    routesReceived: count.nullable().describe('live paths from this peer'),
    routesAccepted: count.nullable().describe('of those, the ones the import policy let in'),
    routesAdvertised: count.nullable().describe('prefixes this peer was told'),
    routesByFamily: z
      .array(
        z.object({
          family: FamilyNameSchema,
          received: count.nullable(),
          accepted: count.nullable(),
          advertised: count.nullable(),
        }),
      )
      .describe('the same per family, as far as known'),
    limits: z
      .array(
        z.object({
          family: FamilyNameSchema,
          kind: z.enum(['received', 'accepted']).describe('before import policy, after it'),
          limit: count,
          action: z.enum(['warn', 'block', 'reset']).describe('what happens beyond it'),
          count: count.nullable().describe('what the limit is compared with; null when there is no session'),
          reached: z.boolean().describe('forgotten when the count is below three quarters of the limit'),
          timesReached: count.describe('in this session'),
          blocked: count.describe('announcements of new prefixes that did not come in, in this session'),
        }),
      )
      .describe('limits of its routes, by family and kind'),
    attributeOctets: z
      .object({ now: count.nullable().describe('null when there is no session'), limit: count.nullable() })
      .describe('memory that the attributes of its routes take'),
    lastError: text.nullable().describe('why the last session or attempt ended'),
    messagesIn: MessageCountsSchema,
    messagesOut: MessageCountsSchema,
    updateErrors: z
      .object({ withdraw: count, discard: count, reset: count })
      .describe('malformed UPDATE messages by reaction, RFC 7606'),
    establishedCount: count.describe('times the session reached Established'),
    flapCount: count.describe('times it left Established'),
    queueOctets: count.nullable().describe('octets waiting to be written to this peer'),
    holdTimeS: count.nullable().describe('negotiated hold time, 0: none; null before OPEN'),
    localAddress: text.nullable(),
    routerId: text.nullable().describe('identifier the neighbour sent in OPEN'),
    disabled: z.boolean().describe('kept down by an operator until enabled again'),
    passive: z.boolean(),
    reflectorClient: z.boolean().describe('RFC 4456 client of this reflector'),
    importPolicy: text,
    exportPolicy: text,
    capabilities: z.array(text).describe('what the neighbour offered in OPEN'),
  })
  .describe('one neighbour')

const TransitionSchema = z
  .object({
    at: text.describe('ISO 8601, UTC'),
    from: PeerStateSchema,
    to: PeerStateSchema,
    cause: text.describe('why, in one line; words of the neighbour are escaped'),
  })
  .describe('a change of state of a peer')

/** What `/v1/peers/{name}` has beside the row of the list. */
const PeerDetailSchema = PeerViewSchema.extend({
  history: z.array(TransitionSchema).readonly().describe('the last 64 changes of state, oldest first'),
}).describe('one configured neighbour, with its past')

export const RouteRowSchema = z
  .object({
    prefix: text,
    family: FamilyNameSchema,
    best: z.boolean().describe('chosen by the decision process'),
    source: SourceKindSchema,
    peer: text.nullable().describe('name of the peer, null for a local path'),
    type: RouteTypeSchema,
    nextHop: text.nullable(),
    interface: text.nullable(),
    preference: z.number().int().describe('between sources, higher wins, before RFC 4271 9.1'),
    localPref: count.nullable(),
    med: count.nullable(),
    asPath: text.describe('AS numbers, sets in braces; empty for a path of this AS'),
    origin: z.enum(['igp', 'egp', 'incomplete']).nullable(),
    communities: z.array(text),
    extendedCommunities: z.array(text),
    largeCommunities: z.array(text),
    originatorId: text.nullable(),
    clusterList: z.array(text),
    lostOn: text.nullable().describe('the step of the decision process on which it lost; null for the best path'),
    unusable: z
      .enum(['loop', 'own next hop', 'rejected by policy', 'next hop unreachable'])
      .nullable()
      .describe('why it may not be a route; null when it may'),
    via: text.nullable().describe('the prefix that leads to the next hop; null while nothing does or nobody asks'),
    metric: count.nullable().describe('of the route that leads to the next hop'),
    pathId: count.nullable().describe('identifier with which it came (RFC 7911), null without one'),
  })
  .describe('one path of one prefix')

const VerdictSchema = z.object({
  decidedBy: text.describe('policy and term, such as `tor-in, term 2 (pods)` or `tor-in, otherwise`'),
  accepted: z.boolean(),
  changes: z.array(text).describe('what the policy sets, one change a line'),
})

export const ExplanationViewSchema = z
  .object({
    prefix: text,
    family: FamilyNameSchema,
    paths: z
      .array(
        z.object({
          route: RouteRowSchema,
          lost: z
            .object({
              step: text.describe('the step of the decision process'),
              section: text.describe('the RFC section that asks for it'),
              value: text,
              winner: text.describe('the value it lost to'),
              against: text.describe('the peer or source whose path has that value'),
            })
            .nullable()
            .describe('null for the best path, and where there is no route'),
          imported: VerdictSchema.extend({
            blockedByLimit: z.boolean().describe('the policy lets it in and a limit does not'),
          })
            .nullable()
            .describe('what import policy makes of it; null for local paths and for loops, which are not shown to it'),
        }),
      )
      .describe('all paths of the prefix, the best first'),
    tellings: z
      .array(
        z.object({
          peer: text,
          told: z.boolean(),
          reason: z
            .enum([
              'not Established',
              'family not negotiated',
              'no route',
              'its own route',
              'not among the paths that are told',
              'community no-advertise',
              'community no-export',
              'not reflected',
              'clients are meshed',
              'rejected by policy',
              'no own next hop',
              'attributes too long',
            ])
            .nullable()
            .describe('why it is not told; null when it is'),
          path: count.nullable().describe('which of `paths`, from 0; null when there is nothing to tell'),
          pathId: count.nullable().describe('the identifier it has on the wire (RFC 7911)'),
          exported: VerdictSchema.nullable().describe('what export policy makes of it; null when it is not asked'),
          pending: z.boolean().describe('something waits to be sent, so the peer may know another state yet'),
        }),
      )
      .describe('what each peer is told: one row a peer, or one a path where several are told'),
  })
  .describe('why the paths of a prefix rank as they do, and who is told what')

export const NextHopRowSchema = z
  .object({
    address: text,
    linkLocal: text.nullable().describe('the link-local address told with it (RFC 2545 3)'),
    reachable: z.boolean().describe('always true when next hops are not resolved'),
    via: text.nullable().describe('the prefix that leads there, not one of BGP'),
    metric: count.nullable(),
    connected: z.boolean().nullable().describe('it is a neighbour on a link of ours'),
    interface: text.nullable(),
  })
  .describe('one next hop of the routes in the tables')

export const KernelRowSchema = z
  .object({
    prefix: text,
    family: FamilyNameSchema,
    type: RouteTypeSchema,
    gateway: text.nullable(),
    interface: text.nullable(),
    nextHops: z
      .array(z.object({ gateway: text.nullable(), interface: text.nullable(), isOnlink: z.boolean() }))
      .describe('all next hops, of which gateway and interface show the first; none for a blackhole and its like'),
    metric: count,
    state: KernelStateSchema,
    errno: count.nullable().describe('positive errno of the last refusal'),
    errnoName: text.nullable().describe('the same by name, as EEXIST'),
    reason: text.nullable(),
    ageMs: z.number().nonnegative().describe('milliseconds in the present state'),
  })
  .describe('one route this speaker wants in the kernel')

const LatencySchema = z.object({
  boundsMs: z.array(z.number()).describe('upper bounds of the buckets; the last bucket has none'),
  counts: z.array(count).describe('routes in each bucket, not cumulative'),
  sumMs: z.number().nonnegative(),
})

export const StatusViewSchema = z
  .object({
    version: text,
    nodeVersion: text,
    pid: count,
    asn: count,
    routerId: text,
    clusterId: text.nullable().describe('null when this speaker is no reflector'),
    startedAt: text.describe('ISO 8601, UTC'),
    uptimeS: z.number().nonnegative(),
    tables: z.array(z.object({ family: FamilyNameSchema, prefixes: count, paths: count })),
    attributeSets: count.describe('distinct interned attribute sets'),
    updateGroups: z.array(z.object({ name: text, peers: count, logOctets: count })),
    peersByState: z.record(PeerStateSchema, count),
    peerRanges: z
      .array(
        z.object({
          name: text,
          limit: count,
          peers: count.describe('how many have come from it'),
          resets: count.describe('sessions of theirs ended over a malformed UPDATE (RFC 4271 6.3), since start'),
        }),
      )
      .describe('prefixes that neighbours may connect from'),
    refusals: z
      .array(z.object({ reason: text, count }))
      .describe('incoming connections turned away since start, by reason; the reasons are in docs/session-security.md'),
    kernel: z.object({
      backend: z.enum(['rtnetlink', 'iproute2', 'memory', 'none']),
      state: z.enum(['up', 'starting', 'down', 'off']),
      reason: text.nullable().describe('why it is not up'),
      routes: z.record(KernelStateSchema, count),
      errors: z.array(z.object({ errno: count, count })).describe('refusals since start'),
      counters: z.record(text, count).describe('what was done since start, by name'),
      behindMs: z
        .number()
        .nonnegative()
        .describe('how long routes have been waiting for the kernel to keep up; 0: none does'),
      learnLatency: LatencySchema.describe("from the kernel's notification to the table"),
      syncLatency: LatencySchema.describe("from the wish to the kernel's answer"),
    }),
    config: z.object({
      file: text,
      loadedAt: text.describe('ISO 8601: when the configuration in use was read'),
      lastReload: z
        .object({ at: text, ok: z.boolean(), message: text.nullable() })
        .nullable()
        .describe('null when there was none'),
    }),
  })
  .describe('the speaker as a whole')

export const ImpactSchema = z
  .enum(['none', 'refresh', 'reset'])
  .describe('what happens to a session that is up: nothing, routes are told again, or it ends and comes back')

const ReloadPlanSchema = z
  .object({
    impact: ImpactSchema.describe('the worst of all; a removed peer counts as a reset'),
    peers: sessionChanges('every peer, untouched ones included'),
    ranges: sessionChanges('every range of peers; what is done to one is done to all who came from it'),
    statics: changes('prefixes of static routes'),
    policies: changes('names of policies'),
    settings: z
      .array(
        z.object({
          path: text,
          action: z.enum(['live', 'restart']).describe('restart: only a new process can have it, so all is refused'),
        }),
      )
      .readonly()
      .describe('keys outside peers, policies and statics'),
  })
  .describe('what a reload changes')

function sessionChanges(what: string) {
  return z
    .array(
      z.object({
        name: text,
        action: z.enum([...ImpactSchema.options, 'add', 'remove']),
        because: z.array(text).readonly().describe('paths of the keys that differ'),
      }),
    )
    .readonly()
    .describe(what)
}

function changes(what: string) {
  return z
    .array(z.object({ name: text, action: z.enum(['add', 'remove', 'change']) }))
    .readonly()
    .describe(what)
}

const ProblemSchema = z
  .object({
    file: text,
    line: count.describe('from 1; 0: the file as a whole'),
    column: count,
    path: text,
    message: text,
    hint: text,
    code: text.describe('stable, see docs/configuration.md'),
    text: text.describe('all of it in one line: file:line:column path: what; what to do [code]'),
  })
  .describe('what is wrong with a configuration')

export const ReloadReportSchema = z
  .object({
    outcome: z.enum(['applied', 'planned', 'refused']).describe('planned: a dry run that would be applied'),
    summary: text.describe('what changes, in one line'),
    refusal: z.object({ message: text, hint: text }).nullable().describe('why nothing was changed, or would be'),
    problems: z.array(ProblemSchema).readonly().describe('of the file; then there is no plan'),
    warnings: z.array(ProblemSchema).readonly(),
    plan: ReloadPlanSchema.nullable(),
  })
  .describe('what became of a reload')

const AdministrationReportSchema = z
  .object({
    action: z.enum(['disable', 'enable', 'restart', 'refresh']),
    peers: z
      .array(
        z.object({
          name: text,
          outcome: z
            .enum(['done', 'unchanged', 'refused'])
            .describe('unchanged: it was so already; refused: it cannot be, and detail says why'),
          detail: text.describe('one line for people'),
        }),
      )
      .readonly(),
  })
  .describe('what an order to one peer or to all came to')

/** `{ schema, kind, item }`: one thing. */
function document<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, view: z.ZodObject<Shape>) {
  return z.object({ schema: z.literal(SCHEMA_NAME), kind: z.literal(kind), item: view })
}

/** `{ schema, kind, items, count, truncated }`: many things, streamed, one item a line. */
function list<Kind extends string, Item extends z.ZodType>(kind: Kind, item: Item) {
  return z.object({
    schema: z.literal(SCHEMA_NAME),
    kind: z.literal(kind),
    items: z.array(item),
    count: count.describe('number of items'),
    truncated: z.boolean().describe('true when the limit of the query left items out'),
  })
}

export const StatusSchema = document('Status', StatusViewSchema)
export const PeerSchema = document('Peer', PeerDetailSchema)
export const AdministrationResultSchema = document('AdministrationResult', AdministrationReportSchema)
export const ReloadResultSchema = document('ReloadResult', ReloadReportSchema)
export const PeerListSchema = list('PeerList', PeerViewSchema)
export const ExplanationSchema = document('Explanation', ExplanationViewSchema)
export const RouteListSchema = list('RouteList', RouteRowSchema)
export const NextHopListSchema = list('NextHopList', NextHopRowSchema)
export const KernelListSchema = list('KernelList', KernelRowSchema)

export const ErrorSchema = z
  .object({
    error: z.object({ code: text.describe('stable, kebab-case'), message: text, hint: text.describe('the next move') }),
  })
  .describe('every answer that is not 2xx')

/** The OpenAPI page describes itself only loosely: its shape is that of the OpenAPI specification. */
export const OpenApiSchema = z.looseObject({ openapi: z.literal('3.1.0') }).describe('an OpenAPI 3.1 document')

export type Impact = z.infer<typeof ImpactSchema>
export type ReloadReport = z.infer<typeof ReloadReportSchema>
export type FamilyName = z.infer<typeof FamilyNameSchema>
export type SourceKind = z.infer<typeof SourceKindSchema>
export type PeerState = z.infer<typeof PeerStateSchema>
export type KernelState = z.infer<typeof KernelStateSchema>
export type MessageCounts = z.infer<typeof MessageCountsSchema>
export type PeerDetail = z.infer<typeof PeerDetailSchema>
export type AdministrationReport = z.infer<typeof AdministrationReportSchema>
export type PeerView = z.infer<typeof PeerViewSchema>
export type RouteRow = z.infer<typeof RouteRowSchema>
export type ExplanationView = z.infer<typeof ExplanationViewSchema>
export type NextHopRow = z.infer<typeof NextHopRowSchema>
export type KernelRow = z.infer<typeof KernelRowSchema>
export type StatusView = z.infer<typeof StatusViewSchema>
export type RouteList = z.infer<typeof RouteListSchema>
export type ErrorDocument = z.infer<typeof ErrorSchema>
