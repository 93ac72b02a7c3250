/**
 * The route table of the control API: one row per endpoint, with the schemas of what it takes and gives. The server dispatches by it, the OpenAPI page is
 * printed from it. A handler asks the views, or the controls where the method is POST; a refusal is a value with a stable code and the next move. Called by server.ts, openapi.ts.
 */
import { z } from 'zod'
import { familyByName } from '../../wire/family.ts'
import type { Answer, Context, Endpoint, Refusal } from './endpoint.ts'
import { openApiDocument } from './openapi.ts'
import { parsePrefixQuery } from './prefix-query.ts'
import {
  FamilyNameSchema,
  ImpactSchema,
  KernelListSchema,
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
      const item = views.peers().find(peer => peer.name === name)
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
    ...(family !== undefined && { family }),
    ...(prefix !== undefined && { prefix: prefix.prefix }),
    ...(peer !== undefined && { peer }),
    ...(source !== undefined && { source }),
    ...(limit !== undefined && { limit: limit + 1 }),
  }
  return { type: 'list', kind: 'RouteList', items: views.routes(request), ...(limit !== undefined && { limit }) }
}

function noControls(): Refusal {
  const message = 'this speaker was not started from a configuration file'
  return { type: 'refusal', status: 409, code: 'reload-not-offered', message, hint: 'start it with `godwit run`' }
}

function unknownPeer(name: string): Refusal {
  const message = `there is no peer named ${JSON.stringify(name)}`
  return { type: 'refusal', status: 404, code: 'peer-not-found', message, hint: '`godwit show peers` lists them' }
}
