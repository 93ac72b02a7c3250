/**
 * Messages nobody here made: other projects' test vectors, with the outcome those projects state and with what tshark reads
 * in them. Captures and collector data are in test/conformance/tshark.test.ts. Sources: fixtures/messages/README.md.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CodecContext } from '../../wire/index.ts'
import { decodeAttributes, decodeMessage, MODERN_CONTEXT } from '../../wire/index.ts'
import type { Fields } from '../support/decode-corpus.ts'
import { ourReading } from '../support/decode-tshark.ts'
import { hex } from '../support/wire-bytes.ts'

type Outcome = 'accept' | 'attribute-discard' | 'treat-as-withdraw' | 'session-reset'

interface Vector {
  readonly use: 'attribute' | 'message' | 'octets'
  readonly name: string
  readonly hex: string
  readonly action?: { readonly ebgp?: Outcome; readonly ibgp?: Outcome }
  readonly tshark?: Fields
}

/** Sets allowed: most of this was recorded before RFC 9774. */
const context: CodecContext = { ...MODERN_CONTEXT, maxLength: 65535, rejectAsSets: false }

const load = <T>(name: string): T[] => {
  const text = readFileSync(new URL(`../../fixtures/messages/${name}`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

function decode(octets: string, context: CodecContext) {
  const bytes = hex(octets)
  return decodeMessage(bytes[18] ?? 0, bytes, 0, bytes.length, context)
}

/** The size of AS numbers is a guess of tshark's here; large communities it prints as "[ Null ]". */
const NOT_COMPARED = ['as_path_segment.as4', 'as_path_segment.as2', 'aggregator_as', 'large_communities']

const vectors = load<Vector>('vectors.jsonl')

describe('single attributes that other projects judge', () => {
  const OUTCOME = {
    accept: 'accept',
    discard: 'attribute-discard',
    withdraw: 'treat-as-withdraw',
    reset: 'session-reset',
  } as const

  /** Lines whose stated outcome no RFC asks for, and why we differ. */
  const DIFFERENT: Record<string, string> = {
    'origin-flag-partial': 'RFC 7606 3 c names the Optional and Transitive bits only',
    'aspath-flag-partial': 'RFC 7606 3 c names the Optional and Transitive bits only',
    'as4path-seg-type-0': 'RFC 6793 6 discards it',
    'local-pref-len-5 ebgp': 'RFC 7606 7.5 discards it from any external peer',
  }

  const rows = vectors
    .filter(vector => vector.use === 'attribute')
    .flatMap(vector =>
      (['ebgp', 'ibgp'] as const).map(kind => [vector.name, kind, vector.hex, vector.action?.[kind]] as const),
    )
    .filter(
      ([name, kind, , stated]) =>
        stated !== undefined && DIFFERENT[name] === undefined && DIFFERENT[`${name} ${kind}`] === undefined,
    )

  it.each(rows)('%s from an %s peer', (_name, peerKind, octets, stated) => {
    const bytes = hex(octets)
    const { action } = decodeAttributes(bytes, 0, bytes.length, { ...MODERN_CONTEXT, peerKind })
    expect(OUTCOME[action]).toBe(stated)
  })
})

describe('messages from the tests of other projects, where they are legal', () => {
  // A refused message is not compared.
  const rows = vectors.flatMap(vector => {
    const result = decode(vector.hex, context)
    if (vector.use !== 'message' || vector.tshark === undefined || !result.ok) return []
    const isWhole = result.value.type !== 'update' || result.value.update.action === 'accept'
    return isWhole ? [[vector.name, result.value, vector.tshark] as const] : []
  })

  it('are most of them', () => {
    expect(rows.length).toBeGreaterThan(100)
  })

  it.each(rows)('%s', (_name, message, fields) => {
    for (const [field, ours] of Object.entries(ourReading(message, true))) {
      if (NOT_COMPARED.includes(field)) continue
      expect([field, [fields[field] ?? []].flat()]).toEqual([field, ours])
    }
  })
})

describe('whatever else other projects feed their parsers', () => {
  it('is read or refused, but never throws', () => {
    for (const { hex: octets } of vectors) {
      for (const fourOctetAs of [true, false]) {
        for (const type of [1, 2, 3, 4, 5]) {
          const bytes = hex(octets)
          const result = decodeMessage(type, bytes, 0, bytes.length, { ...MODERN_CONTEXT, fourOctetAs })
          if (!result.ok) expect(result.error.code).toBeGreaterThan(0)
        }
      }
    }
  })
})
