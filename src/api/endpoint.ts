/**
 * The shape of one row of the route table (endpoints.ts), of what a row is given and of what it answers. Apart from the table so that the OpenAPI page and
 * the servers can know rows without knowing each other.
 */
import type { z } from 'zod'
import type { Controls } from './controls.ts'
import type { ListAnswer } from './stream.ts'
import type { Views } from './views.ts'

export interface Refusal {
  readonly type: 'refusal'
  readonly status: number
  /** Stable, kebab-case. */
  readonly code: string
  readonly message: string
  readonly hint: string
  /** Of a 405: the methods that are offered. */
  readonly allow?: string
}

export type Answer =
  | { readonly type: 'document'; readonly body: unknown }
  | ({ readonly type: 'list' } & ListAnswer)
  | Refusal

export interface Context {
  readonly views: Views
  /** Absent: this speaker can only be looked at. */
  readonly controls?: Controls
  readonly version: string
}

export interface Endpoint {
  /** GET looks, POST does; one row per path. */
  readonly method: 'GET' | 'POST'
  /** With `{name}` for a variable segment. */
  readonly path: string
  readonly summary: string
  readonly query: z.ZodObject
  /** Name of the response schema among the components of the OpenAPI page. */
  readonly responseName: string
  readonly response: z.ZodType
  answer(context: Context, name: string, query: Readonly<Record<string, string>>): Answer
}
