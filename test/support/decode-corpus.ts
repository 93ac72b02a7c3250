/** Where the material of other projects lies: the shared corpus beside the checkout, else what is committed in fixtures/. */
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const ROOT = new URL('../../', import.meta.url)
const SHARED = new URL('../shared/corpus/', ROOT)

/** The shared corpus is there. */
export const hasSharedCorpus = existsSync(new URL('files.json', SHARED))

export interface MrtCase {
  readonly source: string
  readonly path: string
  readonly sha256: string
  /** What bgpdump prints; undefined where only the hash is known. */
  readonly expected: () => string | undefined
}

interface FileRow {
  readonly file: string
  readonly source: string
  readonly expected: string | null
  readonly bgpdump_sha256?: string
}

/** Every MRT file with bgpdump's text. */
export function mrtCases(): readonly MrtCase[] {
  const base = hasSharedCorpus ? SHARED : new URL('fixtures/mrt/', ROOT)
  const rows: readonly FileRow[] = JSON.parse(readFileSync(new URL('files.json', base), 'utf8'))
  return rows.flatMap(({ file, source, expected, bgpdump_sha256: sha256 }) => {
    if (sha256 === undefined) return []
    const text = () => (expected === null ? undefined : gunzipSync(readFileSync(new URL(expected, base))).toString())
    return [{ source, path: new URL(file, base).pathname, sha256, expected: text }]
  })
}

/** Fields of tshark; lists where a field repeats. */
export type Fields = Readonly<Record<string, string | readonly string[] | boolean | undefined>>

export interface CapturedMessage {
  readonly source: string
  readonly hex: string
  readonly asn4?: boolean
  readonly stream?: number
  readonly dir?: number
  /** Of the BGP4MP record. */
  readonly subtype?: number
  readonly tshark: Fields
}

/** The messages of `pcap-messages.jsonl` or `mrt-messages.jsonl`, or the committed part of them. */
export function tsharkMessages(name: 'pcap' | 'mrt'): readonly CapturedMessage[] {
  const fixture = name === 'pcap' ? 'captures' : 'collectors'
  const url = hasSharedCorpus
    ? new URL(`${name}-messages.jsonl`, SHARED)
    : new URL(`fixtures/messages/${fixture}.jsonl`, ROOT)
  const lines = readFileSync(url, 'utf8').trim().split('\n')
  return lines.map(line => JSON.parse(line))
}

/** A list of differences in fixtures/. */
export function loadDifferences<T>(path: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`fixtures/${path}`, ROOT), 'utf8'))
}
