/**
 * The kinds of values a configuration has, as zod schemas whose messages are ours.
 *
 * A zod issue carries one string as its message; ours is a packed Finding (JSON), unpacked by explain.ts. Every field has a
 * description, which becomes the JSON Schema's and, for a missing key, the hint. Used by schema.ts only.
 */
import { z } from 'zod'
import { describe, type Finding, type Parsed, parseAsn } from './text.ts'

export const FOUR_OCTETS_MAX = 4_294_967_295

export function packFinding(finding: Finding): string {
  return JSON.stringify(finding)
}

/** `default` for people and editors, where the real one depends on other keys or is filled in by build.ts. */
type Notes = { readonly default?: unknown; readonly examples?: readonly unknown[] }

export function missing(description: string | undefined): Finding {
  return {
    code: 'missing-key',
    message: 'is missing',
    hint: description === undefined ? 'add it' : `add it: ${firstSentence(description)}`,
  }
}

function firstSentence(text: string): string {
  const end = text.indexOf('. ')
  return (end < 0 ? text : text.slice(0, end)).replace(/\.$/, '')
}

export function empty(): Finding {
  return { code: 'wrong-type', message: 'is empty', hint: 'give it a value or take the key out' }
}

/** An integer in a range, both ends allowed. */
export function whole(minimum: number, maximum: number, description: string, notes: Notes = {}) {
  const error = (issue: { readonly input?: unknown }): string => {
    const { input } = issue
    if (input === undefined) return packFinding(missing(description))
    if (input === null) return packFinding(empty())
    const isNumber = typeof input === 'number' && Number.isInteger(input)
    return packFinding({
      code: isNumber ? 'out-of-range' : 'wrong-type',
      message: isNumber ? `is ${input}, which is out of range` : `is ${describe(input)}, not a whole number`,
      hint: `write a whole number from ${minimum} to ${maximum}`,
    })
  }
  return z
    .int({ error })
    .min(minimum, { error })
    .max(maximum, { error })
    .meta({ description, ...notes })
}

/** Text that `parse` turns into a value or refuses. */
export function text<T>(parse: (value: string) => Parsed<T>, description: string, notes: Notes = {}) {
  const error = (issue: { readonly input?: unknown }): string => {
    const { input } = issue
    if (input === undefined) return packFinding(missing(description))
    if (input === null) return packFinding(empty())
    const asText = typeof input === 'number' ? parse(String(input)) : undefined
    const hint = asText === undefined ? 'write one piece of text' : asText.ok ? 'put it in quotes' : asText.finding.hint
    return packFinding({ code: 'wrong-type', message: `is ${describe(input)}, not text`, hint })
  }
  return z
    .string({ error })
    .transform((value, context) => settle(parse(value), context))
    .meta({ description, ...notes })
}

/** Text that must not be repeated in a message, whatever was written. */
export function secret<T>(parse: (value: string) => Parsed<T>, description: string) {
  const error = ({ input }: { readonly input?: unknown }): string =>
    packFinding(
      input === null
        ? empty()
        : {
            code: 'wrong-type',
            message: 'is not text',
            hint: typeof input === 'object' ? 'write one piece of text' : 'put it in quotes',
          },
    )
  return z
    .string({ error })
    .transform((value, context) => settle(parse(value), context))
    .meta({ description })
}

/** A value that may be written as a number or as text. */
export function numberOrText<T>(
  parse: (value: string | number) => Parsed<T>,
  description: string,
  shape: Notes & { readonly minimum: number; readonly maximum: number; readonly pattern: string },
) {
  const error = (issue: { readonly input?: unknown }): string => {
    const { input } = issue
    if (input === undefined) return packFinding(missing(description))
    if (input === null) return packFinding(empty())
    const asText = parse('')
    const hint = asText.ok ? firstSentence(description) : asText.finding.hint
    return packFinding({ code: 'wrong-type', message: `is ${describe(input)}, not a number`, hint })
  }
  return z
    .union([z.number(), z.string()], { error })
    .transform((value, context) => settle(parse(value), context))
    .meta({ description, ...shape })
}

export const asn = (description: string) =>
  numberOrText(parseAsn, description, { minimum: 1, maximum: FOUR_OCTETS_MAX, pattern: '^\\d+(\\.\\d+)?$' })

interface IssueSink {
  addIssue(issue: { code: 'custom'; message: string; path?: PropertyKey[] }): void
}

/** The value, or the finding as an issue of the field (or of the key `key` inside it). */
export function settle<T>(parsed: Parsed<T>, context: IssueSink, key?: string): T {
  if (parsed.ok) return parsed.value
  context.addIssue({
    code: 'custom',
    message: packFinding(parsed.finding),
    ...(key === undefined ? {} : { path: [key] }),
  })
  return z.NEVER
}
