/**
 * The shape of one row of the route table (endpoints.ts), of what a row is given and of what it answers. Apart from the table so that the OpenAPI page and
 * the servers can know rows without knowing each other.
 */
import type { z } from 'zod'
import type { ListAnswer } from './stream.ts'
import type { Views } from './views.ts'

export interface Refusal {
  readonly type: 'refusal'
  readonly status: number
  /** Stable, kebab-case. */
  readonly code: string
  readonly message: string
  readonly hint: string
}

export type Answer =
  | { readonly type: 'document'; readonly body: unknown }
  | ({ readonly type: 'list' } & ListAnswer)
  | Refusal

export interface Context {
  readonly views: Views
  readonly version: string
}

export interface Endpoint {
  readonly method: 'GET'
  /** With `{name}` for a variable segment. */
  readonly path: string
  readonly summary: string
  readonly query: z.ZodObject
  /** Name of the response schema among the components of the OpenAPI page. */
  readonly responseName: string
  readonly response: z.ZodType
  answer(context: Context, name: string, query: Readonly<Record<string, string>>): Answer
}
