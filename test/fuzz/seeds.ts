/**
 * Where fuzzing starts: the known bugs of other daemons (known-bugs.ts), the messages of fixtures/messages, the shared corpus
 * when this machine has it (it is not part of the repository), and what earlier runs found (fixtures/fuzz/found.jsonl).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesOf, digest } from './check.ts'
import type { Found } from './engine.ts'
import { knownBugs } from './known-bugs.ts'
import { attribute, box, leaf, type Piece, readAttributes, writeShape } from './shape.ts'

const LISTS = ['captures.jsonl', 'collectors.jsonl', 'vectors.jsonl', 'pcap-messages.jsonl', 'mrt-messages.jsonl']

interface Line {
  readonly hex?: string
  readonly kind?: string
}

/** Whole messages, each once. `root` is the repository. */
export function seedMessages(root: string, isWithCorpus = true): Uint8Array[] {
  const folders = [join(root, 'fixtures/messages'), ...(isWithCorpus ? [join(root, '../shared/corpus')] : [])]
  const found = knownBugs().map(({ bytes }) => bytes)
  for (const folder of folders) {
    for (const name of LISTS) {
      const path = join(folder, name)
      if (!existsSync(path)) continue
      for (const line of readFileSync(path, 'utf8').split('\n')) {
        if (line !== '') found.push(...messagesOf(JSON.parse(line) as Line))
      }
    }
  }
  const seen = new Set<number>()
  return found.filter(bytes => {
    const key = digest(bytes)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** What earlier runs found, see `Found`. */
export function foundInputs(root: string): Found[] {
  const path = foundPath(root)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Found)
}

/** Adds to what earlier runs found. */
export function saveFound(root: string, found: readonly Found[]): void {
  const lines = new Set([...foundInputs(root), ...found].map(one => JSON.stringify(one)))
  writeFileSync(foundPath(root), `${[...lines].join('\n')}\n`)
}

const foundPath = (root: string): string => join(root, 'fixtures/fuzz/found.jsonl')

const MARKER = new Uint8Array(16).fill(0xff)
const UPDATE = 2
const OPEN = 1

/** A vector of the corpus is a message or a part of one; parts are put where they belong. */
function messagesOf({ hex = '', kind = 'message' }: Line): Uint8Array[] {
  const bytes = bytesOf(hex)
  if (bytes.length === 0 || bytes.length > 65000) return []
  const update = (parts: Piece[]) => [writeShape({ marker: MARKER, type: UPDATE, parts })]
  const around = (attributes: Piece[]) =>
    update([box('withdrawn', [], 2, []), box('attributes', [], 2, attributes), leaf([8, 10], 'prefix')])
  const open = (parameters: Piece[]) => [
    writeShape({
      marker: MARKER,
      type: OPEN,
      parts: [leaf([4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1]), box('parameters', [], 1, parameters)],
    }),
  ]
  switch (kind) {
    case 'update-body':
      return update([leaf(bytes)])
    case 'path-attributes':
    case 'one-attribute':
      return around(readAttributes(bytes))
    case 'mp-reach-value':
      return around([attribute(0x80, 14, [leaf(bytes)])])
    case 'mp-unreach-value':
      return around([attribute(0x80, 15, [leaf(bytes)])])
    case 'as-path-2octet':
      return around([attribute(0x40, 2, [leaf(bytes)])])
    case 'capability':
      return open([box('parameter', [2], 1, [leaf(bytes)])])
    case 'open-params':
      return open([leaf(bytes)])
    case 'fragment':
      return around([attribute(0xc0, 99, [leaf(bytes)])])
    default:
      return [bytes]
  }
}
