/**
 * The OpenAPI 3.1 page, printed from the route table and the zod schemas the answers are made of, so it cannot be out of date. Called by endpoints.ts and by
 * whoever writes a client.
 */
import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import {
  AdministrationResultSchema,
  ErrorSchema,
  ExplanationSchema,
  ExplanationViewSchema,
  KernelListSchema,
  KernelRowSchema,
  NextHopListSchema,
  NextHopRowSchema,
  OpenApiSchema,
  PeerListSchema,
  PeerSchema,
  PeerViewSchema,
  ReloadReportSchema,
  ReloadResultSchema,
  RouteListSchema,
  RouteRowSchema,
  StatusSchema,
  StatusViewSchema,
} from './schema.ts'

const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  AdministrationResult: AdministrationResultSchema,
  Error: ErrorSchema,
  Explanation: ExplanationSchema,
  ExplanationView: ExplanationViewSchema,
  KernelList: KernelListSchema,
  KernelRow: KernelRowSchema,
  NextHopList: NextHopListSchema,
  NextHopRow: NextHopRowSchema,
  OpenApi: OpenApiSchema,
  Peer: PeerSchema,
  PeerList: PeerListSchema,
  PeerView: PeerViewSchema,
  ReloadReport: ReloadReportSchema,
  ReloadResult: ReloadResultSchema,
  RouteList: RouteListSchema,
  RouteRow: RouteRowSchema,
  Status: StatusSchema,
  StatusView: StatusViewSchema,
}

/** The whole page as a plain object. `version` is that of the daemon. */
export function openApiDocument(endpoints: readonly Endpoint[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const endpoint of endpoints) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation(endpoint) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'godwit',
      version,
      description:
        'Control interface of the daemon: HTTP and JSON on a unix socket. Who may open the socket may use all of it.',
    },
    servers: [{ url: 'http://localhost', description: 'the unix socket named api.socket in the configuration' }],
    paths,
    components: { schemas: componentSchemas() },
  }
}

function operation(endpoint: Endpoint): Record<string, unknown> {
  return {
    summary: endpoint.summary,
    parameters: [...pathParameters(endpoint.path), ...queryParameters(endpoint.query)],
    responses: {
      200: { description: 'done', content: { 'application/json': { schema: reference(endpoint.responseName) } } },
      default: { description: 'refused', content: { 'application/json': { schema: reference('Error') } } },
    },
  }
}

function pathParameters(path: string): unknown[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodObject): unknown[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { $schema: _, description, ...rest } = z.toJSONSchema(schema, { io: 'input' })
    return { name, in: 'query', required: false, ...(description !== undefined && { description }), schema: rest }
  })
}

function componentSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: id => `#/components/schemas/${id}` })
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...rest }]) => [id, rest]))
}

function reference(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}
