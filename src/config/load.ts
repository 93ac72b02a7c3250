/**
 * A configuration from a file, from text, or from a plain object: read, parsed, checked, built. Never throws; every trouble is a Problem.
 *
 * Called by `godwit run` and `godwit check`, on reload, and by lab, demo and tests (`configFromObject`).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { buildConfig } from './build.ts'
import { checkConfig } from './check.ts'
import { explainIssue, findingsOf, type PlacedFinding } from './explain.ts'
import { LocatedDocument } from './locate.ts'
import { formatPath, type Problem } from './problem.ts'
import { type ConfigInput, configSchema } from './schema.ts'
import type { ConfigResult } from './types.ts'

const FILE_MAX_OCTETS = 16 * 1024 * 1024

/** Reads and checks the file. Synchronous: start and reload have nothing better to do. */
export function loadConfig(path: string): ConfigResult {
  const read = readText(path)
  return 'text' in read ? parseConfig(read.text, path) : refused(wholeFile(path, read.message, read.hint))
}

/** Checks the text; `file` is only a name for messages. */
export function parseConfig(text: string, file: string): ConfigResult {
  let document: LocatedDocument
  let value: unknown
  try {
    document = new LocatedDocument(text)
    if (document.syntax.length > 0) {
      const problems = document.syntax.map((trouble): Problem => ({ ...trouble, file, path: '', code: 'yaml-syntax' }))
      return { ok: false, problems, warnings: [] }
    }
    if (document.isEmpty)
      return refused(
        wholeFile(file, 'is empty', 'begin with `speaker: { asn: 64512, routerId: 10.0.0.1 }`', 'missing-key'),
      )
    value = document.toObject()
  } catch {
    // The YAML package throws when the stack or its limit on aliases of aliases is used up.
    return refused(
      wholeFile(file, 'is nested too deeply', 'take apart its brackets, or its aliases of aliases', 'yaml-syntax'),
    )
  }
  return check(value, finding => ({ ...document.place(finding.path, finding.onKey), ...problemOf(finding, file) }))
}

/** The same checks on an object of the configuration's shape; problems have line 0. */
export function configFromObject(object: ConfigInput, name = 'configuration'): ConfigResult {
  return check(object, finding => ({ line: 0, column: 0, ...problemOf(finding, name) }))
}

function problemOf({ path, message, hint, code }: PlacedFinding, file: string): Omit<Problem, 'line' | 'column'> {
  return { file, path: formatPath(path), message, hint, code }
}

function check(value: unknown, toProblem: (finding: PlacedFinding) => Problem): ConfigResult {
  const parsed = configSchema.safeParse(value, { error: explainIssue })
  if (!parsed.success)
    return { ok: false, problems: inOrder(findingsOf(parsed.error.issues).map(toProblem)), warnings: [] }
  const findings = checkConfig(parsed.data)
  const problems = inOrder(findings.filter(({ isWarning }) => isWarning !== true).map(toProblem))
  const warnings = inOrder(findings.filter(({ isWarning }) => isWarning === true).map(toProblem))
  return problems.length > 0
    ? { ok: false, problems, warnings }
    : { ok: true, config: buildConfig(parsed.data), warnings }
}

/** From the top of the file down. */
function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column)
}

function wholeFile(file: string, message: string, hint: string, code: Problem['code'] = 'unreadable'): Problem {
  return { file, line: 0, column: 0, path: '', message, hint, code }
}

function refused(problem: Problem): ConfigResult {
  return { ok: false, problems: [problem], warnings: [] }
}

type Read = { readonly text: string } | { readonly message: string; readonly hint: string }

function readText(path: string): Read {
  let octets: Uint8Array | undefined
  try {
    octets = readOctets(path)
  } catch (error) {
    return describeReadError(error)
  }
  if (octets === undefined)
    return { message: 'is larger than 16 MiB', hint: 'this cannot be a configuration; check the path' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(octets) }
  } catch {
    return { message: 'is not UTF-8 text', hint: 'save it as UTF-8, or check the path' }
  }
}

/** The whole file, from a pipe too; undefined when it is too large, however long it would go on. */
function readOctets(path: string): Uint8Array | undefined {
  const descriptor = openSync(path, 'r')
  try {
    const { size } = fstatSync(descriptor)
    if (size > FILE_MAX_OCTETS) return undefined
    let buffer = new Uint8Array(Math.max(size + 1, 64 * 1024))
    let length = 0
    for (;;) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null)
      if (count === 0) return buffer.subarray(0, length)
      length += count
      if (length > FILE_MAX_OCTETS) return undefined
      if (length < buffer.length) continue
      const larger = new Uint8Array(buffer.length * 2)
      larger.set(buffer)
      buffer = larger
    }
  } finally {
    closeSync(descriptor)
  }
}

function describeReadError(error: unknown): { message: string; hint: string } {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  switch (code) {
    case 'ENOENT':
      return { message: 'there is no such file', hint: 'check the path given with --config' }
    case 'EACCES':
    case 'EPERM':
      return { message: 'this user may not read it', hint: 'give read permission to the user that godwit runs as' }
    case 'EISDIR':
      return { message: 'is a directory', hint: 'name the file in it' }
    case 'ENOTDIR':
      return { message: 'a part of the path is not a directory', hint: 'check the path given with --config' }
    default:
      return { message: `cannot be read (${code})`, hint: 'check the path and the file system' }
  }
}
