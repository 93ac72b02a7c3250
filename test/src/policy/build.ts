/** Policies and subjects for tests, written the way a person would say them. */

import type {
  CompiledPolicy,
  Edits,
  Match,
  Policy,
  PolicySubject,
  PrefixMatch,
  SourceKind,
  Term,
} from '../../../src/policy/policy.ts'
import { parsePrefix } from '../../../wire/prefix.ts'
import { PLAIN, policySubject, type RouteOrigin } from '../../support/policy-subject.ts'
import type { TestAttributes } from '../../support/rib-wire.ts'

/** `10.0.0.0/8` that prefix; with two lengths, the range inside it. */
export function prefixes(text: string, minLength?: number, maxLength?: number): PrefixMatch {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`bad prefix in test: ${text}`)
  return { prefix, minLength: minLength ?? prefix.length, maxLength: maxLength ?? minLength ?? prefix.length }
}

export function term(action: Term['action'], match: Match = {}, set?: Edits): Term {
  return { match, action, ...(set === undefined ? {} : { set }) }
}

export function policy(terms: readonly Term[], otherwise: Policy['otherwise'] = 'reject'): Policy {
  return { name: 'test', terms, otherwise }
}

export function subject(
  text: string,
  source: SourceKind = 'bgp',
  communities: readonly number[] = [],
  more: Partial<TestAttributes> & RouteOrigin = {},
): PolicySubject {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`bad prefix in test: ${text}`)
  const { peer, local, ...attributes } = more
  const carried = communities.length === 0 ? {} : { communities: [...communities] }
  return policySubject(prefix, { ...PLAIN, ...carried, ...attributes }, { source, peer, local })
}

/** What the policy makes of the route: its edits, or `'reject'`. */
export function outcome(compiled: CompiledPolicy, route: PolicySubject): Edits | 'reject' {
  const index = compiled.evaluate(route)
  return index < 0 ? 'reject' : (compiled.edits[index] ?? 'reject')
}
