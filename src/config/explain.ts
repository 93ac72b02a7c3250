/**
 * Zod's issues as findings with a path. Fields speak for themselves (field.ts); the structure around them is explained here:
 * unknown keys with did-you-mean, missing sections, wrong kinds, empty lists, words that are not in a list.
 */
import type { z } from 'zod'
import { empty, missing, packFinding } from './field.ts'
import type { PathSegment } from './problem.ts'
import { suggest } from './suggest.ts'
import { describe, type Finding } from './text.ts'

/** A finding at its place; `onKey` when the key itself is wrong rather than its value. */
export interface PlacedFinding extends Finding {
  readonly path: readonly PathSegment[]
  readonly onKey?: boolean
  readonly isWarning?: boolean
}

type RawIssue = z.core.$ZodRawIssue

/** For schema.safeParse: a packed finding for every issue that no field has spoken for. */
export function explainIssue(issue: RawIssue): string | undefined {
  const { input } = issue
  const description = descriptionOf(issue)
  if (issue.code === 'unrecognized_keys') return JSON.stringify({ known: knownKeys(issue) })
  if (issue.code === 'invalid_union') return unionFinding(issue)
  if (input === undefined) return packFinding(missing(description))
  if (input === null)
    return packFinding(issue.code === 'invalid_type' && issue.expected === 'object' ? emptySection() : empty())
  switch (issue.code) {
    case 'invalid_type':
      return packFinding(wrongType(String(issue.expected), input))
    case 'invalid_value':
      return packFinding(notOneOf(issue.values.map(String), input))
    case 'too_small':
      return packFinding({ code: 'empty-list', message: 'is empty', hint: 'name at least one or take the key out' })
    default:
      return packFinding({ code: 'wrong-type', message: `is ${describe(input)}`, hint: 'see docs/configuration.md' })
  }
}

function emptySection(): Finding {
  return { ...empty(), hint: 'write {} for all its defaults, or take the key out' }
}

function descriptionOf(issue: RawIssue): string | undefined {
  const { inst } = issue
  const meta: unknown =
    inst !== undefined && 'meta' in inst && typeof inst.meta === 'function' ? inst.meta() : undefined
  if (typeof meta !== 'object' || meta === null || !('description' in meta)) return undefined
  return typeof meta.description === 'string' ? meta.description : undefined
}

function knownKeys(issue: RawIssue): string[] {
  const definition: unknown = issue.inst?._zod.def
  if (typeof definition !== 'object' || definition === null || !('shape' in definition)) return []
  return Object.keys(definition.shape ?? {})
}

const KINDS: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  ['object', ['a map of keys', 'write `key: value` lines below it']],
  ['record', ['a map of keys', 'write `name: …` lines below it']],
  ['array', ['a list', 'write `- …` lines below it, or [ … ]']],
  ['boolean', ['true or false', 'write true or false']],
  ['string', ['text', 'write one piece of text']],
])

function wrongType(expected: string, input: unknown): Finding {
  const [what, hint] = KINDS.get(expected) ?? [expected, 'see docs/configuration.md']
  return { code: 'wrong-type', message: `is ${describe(input)}, not ${what}`, hint }
}

function notOneOf(words: readonly string[], input: unknown): Finding {
  const meant = typeof input === 'string' ? suggest(input, words) : undefined
  const [only] = words
  const list = words.length === 1 ? `write ${only}` : `write one of ${words.join(', ')}`
  return {
    code: 'unknown-word',
    message: `is ${describe(input)}, which is no choice here`,
    hint: meant === undefined ? list : `did you mean ${meant}? Else ${list}`,
  }
}

interface PackedIssue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function failsAsWhole({ path, code }: PackedIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
}

/** Of several shapes, the one the value has been meant for: the one that does not fail as a whole. */
function unionFinding(issue: RawIssue & { readonly code: 'invalid_union' }): string {
  if (issue.input === undefined) return packFinding(missing(descriptionOf(issue)))
  if (issue.input === null) return packFinding(empty())
  const branches: readonly (readonly PackedIssue[])[] = 'errors' in issue ? (issue.errors as PackedIssue[][]) : []
  const meant = branches.find(branch => !branch.some(failsAsWhole))
  if (meant === undefined) {
    return packFinding({
      code: 'wrong-type',
      message: `is ${describe(issue.input)}`,
      hint: 'see docs/configuration.md for what it can be',
    })
  }
  return JSON.stringify({ inner: meant })
}

/** All issues of a failed parse as findings, in the order of the document's keys as zod saw them. */
export function findingsOf(issues: readonly z.core.$ZodIssue[]): PlacedFinding[] {
  const findings = issues.flatMap(issue => unpack(issue, []))
  return findings.filter(
    finding => finding.code !== 'missing-key' || !findings.some(other => isMisspeltAs(other, finding)),
  )
}

/** One trouble, told once: the key is not missing, it is misspelt. */
function isMisspeltAs(unknown: PlacedFinding, absent: PlacedFinding): boolean {
  return (
    unknown.code === 'unknown-key' &&
    unknown.path.length === absent.path.length &&
    unknown.path.slice(0, -1).every((segment, i) => segment === absent.path[i]) &&
    unknown.hint.startsWith(`did you mean ${String(absent.path.at(-1))}?`)
  )
}

function unpack(issue: z.core.$ZodIssue | PackedIssue, base: readonly PathSegment[]): PlacedFinding[] {
  const path = [...base, ...issue.path.map(segment => (typeof segment === 'number' ? segment : String(segment)))]
  const packed: unknown = JSON.parse(issue.message)
  if (typeof packed !== 'object' || packed === null) return []
  if ('known' in packed && 'keys' in issue) {
    return issue.keys.map(key => unknownKey([...path, key], packed.known as string[]))
  }
  if ('inner' in packed) return (packed.inner as PackedIssue[]).flatMap(inner => unpack(inner, path))
  return [{ ...(packed as Finding), path }]
}

function unknownKey(path: readonly PathSegment[], known: readonly string[]): PlacedFinding {
  const meant = suggest(String(path.at(-1)), known)
  return {
    code: 'unknown-key',
    message: 'is not a key that is known here',
    hint: meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`,
    path,
    onKey: true,
  }
}
