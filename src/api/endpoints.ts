/**
 * The route table of the control API: one row per endpoint, with the schemas of what it takes and gives. The server dispatches by it, the OpenAPI page is
 * printed from it. A handler asks the views, or the controls where the method is POST; a refusal is a value with a stable code and the next move. Called by server.ts, openapi.ts.
 */
import { z } from 'zod'
import { familyByName } from '../../wire/family.ts'
import type { AdministrationRequest } from './controls.ts'
import type { Answer, Context, Endpoint, Refusal } from './endpoint.ts'
import { openApiDocument } from './openapi.ts'
import { parsePrefixQuery } from './prefix-query.ts'
import {
  AdministrationResultSchema,
  ExplanationSchema,
  FamilyNameSchema,
  ImpactSchema,
  KernelListSchema,
  NextHopListSchema,
  OpenApiSchema,
  PeerListSchema,
  PeerSchema,
  ReloadResultSchema,
  RouteListSchema,
  SCHEMA_NAME,
  SourceKindSchema,
  StatusSchema,
} from './schema.ts'
import type { RouteQuery, Views } from './views.ts'

interface Row<Query extends z.ZodObject> extends Omit<Endpoint, 'answer' | 'query'> {
  readonly query: Query
  handle(context: Context, name: string, query: z.infer<Query>): Answer
}

/** Puts the parsing of the query in front of the handler, and with it forgets the type of the query. */
function endpoint<Query extends z.ZodObject>(row: Row<Query>): Endpoint {
  const { handle, ...rest } = row
  return {
    ...rest,
    answer(context, name, raw) {
      const parsed = row.query.safeParse(raw)
      return parsed.success ? handle(context, name, parsed.data) : refuseQuery(parsed.error, row.query)
    },
  }
}

function refuseQuery(error: z.ZodError, schema: z.ZodObject): Refusal {
  const allowed = Object.keys(schema.shape)
  const hint = allowed.length === 0 ? 'leave the query out' : `this endpoint takes ${allowed.join(', ')}`
  const message = error.issues.map(issue => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')).join('; ')
  return { type: 'refusal', status: 400, code: 'invalid-query', message, hint }
}

const flag = z.enum(['true', 'false']).transform(value => value === 'true')
const nothing = z.strictObject({})

const RouteQuerySchema = z.strictObject({
  family: FamilyNameSchema.optional(),
  prefix: z.string().optional().describe('a prefix, or an address: then the longest prefix that covers it'),
  longest: flag.optional().describe('the longest prefix that covers `prefix`, instead of exactly that one'),
  peer: z.string().optional().describe('only paths from the peer of this name'),
  source: SourceKindSchema.optional(),
  best: flag.optional().describe('only the chosen path of each prefix'),
  rejected: flag.optional().describe('only paths that loop or that import policy refused; the others otherwise'),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'a whole number from 1 to 999999999')
    .transform(Number)
    .optional()
    .describe('at most so many paths'),
})

const ReloadQuerySchema = z.strictObject({
  dryRun: flag.optional().describe('only say what would happen'),
  maxImpact: ImpactSchema.optional().describe('refuse to do more than this to sessions that are up; reset when absent'),
})

const PeerOrAllSchema = z.strictObject({
  peer: z.string().optional().describe('the peer of this name'),
  all: flag.optional().describe('instead of `peer`: every peer'),
})
const FarewellQuerySchema = PeerOrAllSchema.extend({
  message: z.string().optional().describe('text for the neighbour, at most 255 octets of UTF-8 (RFC 9003)'),
})
const RefreshQuerySchema = PeerOrAllSchema.extend({
  direction: z.enum(['in', 'out']).optional().describe('in: the neighbour tells again (default); out: we do'),
  family: FamilyNameSchema.optional().describe('only this family'),
})

/** Orders to peers: one row an action, all with the same answer. */
const ADMINISTRATION: readonly Endpoint[] = [
  order(
    'disable',
    'Bring peers down, Cease / Administrative Shutdown, and keep them down',
    FarewellQuerySchema,
    query => ({
      action: 'disable',
      ...(query.message !== undefined && { message: query.message }),
    }),
  ),
  order(
    'enable',
    'Let disabled peers come up again, and those that wait after a failure at once',
    PeerOrAllSchema,
    () => ({
      action: 'enable',
    }),
  ),
  order('restart', 'End sessions, Cease / Administrative Reset, and begin anew', FarewellQuerySchema, query => ({
    action: 'restart',
    ...(query.message !== undefined && { message: query.message }),
  })),
  order('refresh', 'Have routes told again, without ending a session (RFC 2918)', RefreshQuerySchema, query => {
    const family = query.family === undefined ? undefined : familyByName(query.family)
    return { action: 'refresh', direction: query.direction ?? 'in', ...(family !== undefined && { family }) }
  }),
]

function order<Query extends typeof PeerOrAllSchema>(
  action: AdministrationRequest['action'],
  summary: string,
  query: Query,
  build: (query: z.infer<Query>) => AdministrationRequest,
): Endpoint {
  return endpoint({
    method: 'POST',
    path: `/v1/${action}`,
    summary,
    query,
    responseName: 'AdministrationResult',
    response: AdministrationResultSchema,
    handle({ views, controls }, _name, values) {
      if (controls === undefined) return noControls()
      const { peer, all = false } = values
      const request = build(values)
      const refusal = refuseOrder(views, { peer, all }, 'message' in request ? request.message : undefined)
      if (refusal !== undefined) return refusal
      const item = controls.administer(peer === undefined ? request : { ...request, peer })
      return { type: 'document', body: { schema: SCHEMA_NAME, kind: 'AdministrationResult', item } }
    },
  })
}

/** RFC 9003 2 */
const MESSAGE_MAX_OCTETS = 255

function refuseOrder(
  views: Views,
  { peer, all }: { readonly peer: string | undefined; readonly all: boolean },
  message = '',
): Refusal | undefined {
  if ((peer === undefined) !== all) {
    const what = all ? 'both a peer and all are given' : 'neither a peer nor all is given'
    return { type: 'refusal', status: 400, code: 'invalid-query', message: what, hint: 'write peer=NAME or all=true' }
  }
  if (peer !== undefined && views.peer(peer) === undefined) return unknownPeer(peer)
  const { length } = new TextEncoder().encode(message)
  if (length <= MESSAGE_MAX_OCTETS) return undefined
  const what = `the message has ${length} octets in UTF-8, and a NOTIFICATION carries ${MESSAGE_MAX_OCTETS} (RFC 9003)`
  return { type: 'refusal', status: 400, code: 'message-too-long', message: what, hint: 'shorten it' }
}

export const ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/v1/status',
    summary: 'The speaker as a whole',
    query: nothing,
    responseName: 'Status',
    response: StatusSchema,
    handle: ({ views }) => ({ type: 'document', body: { schema: SCHEMA_NAME, kind: 'Status', item: views.status() } }),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/peers',
    summary: 'All peers, in the order of the configuration',
    query: nothing,
    responseName: 'PeerList',
    response: PeerListSchema,
    handle: ({ views }) => ({ type: 'list', kind: 'PeerList', items: views.peers() }),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/peers/{name}',
    summary: 'One peer',
    query: nothing,
    responseName: 'Peer',
    response: PeerSchema,
    handle({ views }, name) {
      const item = views.peer(name)
      if (item === undefined) return unknownPeer(name)
      return { type: 'document', body: { schema: SCHEMA_NAME, kind: 'Peer', item } }
    },
  }),
  endpoint({
    method: 'GET',
    path: '/v1/routes',
    summary: 'Paths in the tables, streamed; all of them unless the query narrows it',
    query: RouteQuerySchema,
    responseName: 'RouteList',
    response: RouteListSchema,
    handle: ({ views }, _name, query) => answerRoutes(views, query),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/explain',
    summary: 'Why the paths of a prefix rank as they do, and what each peer is told of it',
    query: z.strictObject({
      prefix: z.string().describe('a prefix, or an address: then the longest prefix that covers it'),
      peer: z.string().optional().describe('only what the peer of this name is told'),
    }),
    responseName: 'Explanation',
    response: ExplanationSchema,
    handle: ({ views }, _name, query) => answerExplanation(views, query),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/nexthops',
    summary: 'The next hops of the routes in the tables, and what leads to them',
    query: nothing,
    responseName: 'NextHopList',
    response: NextHopListSchema,
    handle: ({ views }) => ({ type: 'list', kind: 'NextHopList', items: views.nextHops() }),
  }),
  endpoint({
    method: 'GET',
    path: '/v1/kernel',
    summary: 'What this speaker wants in the kernel, and whether it is there',
    query: nothing,
    responseName: 'KernelList',
    response: KernelListSchema,
    handle: ({ views }) => ({ type: 'list', kind: 'KernelList', items: views.kernel() }),
  }),
  endpoint({
    method: 'POST',
    path: '/v1/reload',
    summary:
      'Read the configuration again and apply what differs; a refused one changes nothing, and is an answer like any other',
    query: ReloadQuerySchema,
    responseName: 'ReloadResult',
    response: ReloadResultSchema,
    handle: ({ controls }, _name, { dryRun = false, maxImpact = 'reset' }) =>
      controls === undefined
        ? noControls()
        : {
            type: 'document',
            body: { schema: SCHEMA_NAME, kind: 'ReloadResult', item: controls.reload({ dryRun, maxImpact }) },
          },
  }),
  ...ADMINISTRATION,
  endpoint({
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This interface as an OpenAPI 3.1 document',
    query: nothing,
    responseName: 'OpenApi',
    response: OpenApiSchema,
    handle: ({ version }) => ({ type: 'document', body: openApiDocument(ENDPOINTS, version) }),
  }),
]

function answerRoutes(views: Views, query: z.infer<typeof RouteQuerySchema>): Answer {
  const { family: familyName, prefix: text, peer, source, limit } = query
  const prefix = text === undefined ? undefined : parsePrefixQuery(text)
  if (prefix !== undefined && !prefix.ok) {
    return { type: 'refusal', status: 400, code: prefix.code, message: prefix.message, hint: prefix.hint }
  }
  const family = prefix?.prefix.family ?? (familyName === undefined ? undefined : familyByName(familyName))
  if (familyName !== undefined && family?.name !== familyName) {
    const message = `${text} is not of family ${familyName}`
    return { type: 'refusal', status: 400, code: 'invalid-query', message, hint: 'leave family out' }
  }
  if (query.longest === true && prefix === undefined) {
    const message = 'longest asks for the prefix that covers something'
    return { type: 'refusal', status: 400, code: 'invalid-query', message, hint: 'add prefix=ADDRESS' }
  }
  if (peer !== undefined && !views.peers().some(known => known.name === peer)) return unknownPeer(peer)
  const request: RouteQuery = {
    longest: query.longest ?? prefix?.isAddress ?? false,
    best: query.best ?? false,
    ...(query.rejected !== undefined && { rejected: query.rejected }),
    ...(family !== undefined && { family }),
    ...(prefix !== undefined && { prefix: prefix.prefix }),
    ...(peer !== undefined && { peer }),
    ...(source !== undefined && { source }),
    ...(limit !== undefined && { limit: limit + 1 }),
  }
  return { type: 'list', kind: 'RouteList', items: views.routes(request), ...(limit !== undefined && { limit }) }
}

function answerExplanation(
  views: Views,
  { prefix: text, peer }: { prefix: string; peer?: string | undefined },
): Answer {
  const parsed = parsePrefixQuery(text)
  if (!parsed.ok) {
    return { type: 'refusal', status: 400, code: parsed.code, message: parsed.message, hint: parsed.hint }
  }
  if (peer !== undefined && views.peer(peer) === undefined) return unknownPeer(peer)
  const item = views.explain(parsed.prefix, parsed.isAddress)
  if (item === undefined) {
    const message = `there is no path to ${text}`
    return { type: 'refusal', status: 404, code: 'route-not-found', message, hint: '`godwit show routes` lists all' }
  }
  const tellings = item.tellings.filter(telling => peer === undefined || telling.peer === peer)
  return { type: 'document', body: { schema: SCHEMA_NAME, kind: 'Explanation', item: { ...item, tellings } } }
}

function noControls(): Refusal {
  const message = 'this speaker was not started from a configuration file'
  return { type: 'refusal', status: 409, code: 'reload-not-offered', message, hint: 'start it with `godwit run`' }
}

function unknownPeer(name: string): Refusal {
  const message = `there is no peer named ${JSON.stringify(name)}`
  return { type: 'refusal', status: 404, code: 'peer-not-found', message, hint: '`godwit show peers` lists them' }
}
