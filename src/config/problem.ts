/**
 * What is wrong with a configuration, for people: a place, what is wrong, what to do, and a code that never changes.
 *
 * One line each: `file:line:column path: what; what to do [code]`. The codes are listed in docs/configuration.md.
 * Made by load.ts, schema.ts and check.ts; printed by `godwit check`, `godwit run` and the reload log line.
 */

export interface Problem {
  readonly file: string
  /** From 1; 0 when the trouble is the file as a whole. */
  readonly line: number
  readonly column: number
  /** `peers[0].asn`; empty when the trouble is the file or the document as a whole. */
  readonly path: string
  readonly message: string
  /** What to do about it. */
  readonly hint: string
  readonly code: ProblemCode
}

/** Stable: scripts may look for them. A new kind of trouble gets a new code, a code never changes its meaning. */
export const PROBLEM_CODES = [
  'unreadable',
  'yaml-syntax',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'out-of-range',
  'unknown-word',
  'empty-list',
  'bad-text',
  'bad-asn',
  'bad-address',
  'bad-prefix',
  'host-bits',
  'bad-router-id',
  'bad-community',
  'bad-hold-time',
  'bad-password',
  'duplicate-peer-name',
  'duplicate-peer-address',
  'duplicate-value',
  'own-address',
  'family-mismatch',
  'no-listener',
  'unknown-policy',
  'reserved-name',
  'policy-direction',
  'not-a-reflector',
  'static-target',
  'needs-kernel',
  'contradiction',
  'no-policy',
  'no-next-hop',
  'relative-path',
] as const
export type ProblemCode = (typeof PROBLEM_CODES)[number]

export type PathSegment = string | number

/** `['peers', 0, 'asn']` becomes `peers[0].asn`; a key that is not a plain word is quoted. */
export function formatPath(path: readonly PathSegment[]): string {
  let text = ''
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`
    else if (!/^[\w-]+$/.test(segment)) text += `[${JSON.stringify(segment)}]`
    else text += text === '' ? segment : `.${segment}`
  }
  return text
}

/** One line for a terminal or a log. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file
  const path = problem.path === '' ? '' : ` ${problem.path}`
  return `${place}${path}: ${problem.message}; ${problem.hint} [${problem.code}]`
}
