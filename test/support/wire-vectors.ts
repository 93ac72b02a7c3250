/**
 * The byte vectors of other projects' tests: where they lie, what kind of bytes they are, and what we make of them.
 * The whole corpus is read where it is at hand; else the committed part of it, see fixtures/messages/README.md.
 */

import { existsSync, readFileSync } from 'node:fs'
import type { CodecContext, Message, Update } from '../../wire/index.ts'
import { decodeMessage, FAMILIES, Framer, MODERN_CONTEXT } from '../../wire/index.ts'
import { attribute, hex, int, message, NEXT_HOP_10_0_0_1, ORIGIN_IGP, openBody, updateBody } from './wire-bytes.ts'

/** What became of a vector, in the corpus's words. `error`: refused, where the corpus does not say how. */
export type Outcome = 'accept' | 'attribute-discard' | 'treat-as-withdraw' | 'session-reset' | 'error'
export type PeerKind = 'ebgp' | 'ibgp'

/** One line of the corpus. */
export interface Vector {
  readonly suite: string
  readonly name: string
  readonly kind: string
  readonly hex: string
  readonly license: string
  readonly source: string
  readonly context?: {
    readonly asn4?: boolean
    readonly peer?: PeerKind
    readonly sub?: string
    readonly has_nlri?: boolean
    readonly attr_type?: number
    readonly declared_length?: number
  }
  readonly expect: {
    readonly by: 'source' | 'tshark' | 'none'
    readonly action?: Outcome | Readonly<Record<string, Outcome>>
    readonly skip?: readonly string[] | null
    readonly command?: string | null
    readonly json?: Readonly<Record<string, unknown>> | null
    readonly as_path?: string | null
    readonly as4?: number | null
    readonly family?: string
    readonly text?: string
  }
}

const CORPUS = new URL('../../../shared/corpus/vectors.jsonl', import.meta.url)
const COMMITTED = new URL('../../fixtures/messages/foreign-vectors.jsonl', import.meta.url)

/** Is the whole corpus at hand, or only what may be copied? */
export const isCorpusWhole = existsSync(CORPUS)

/** All vectors there are. Numbers that JSON cannot hold are strings. */
export const loadVectors = (): Vector[] =>
  readFileSync(isCorpusWhole ? CORPUS : COMMITTED, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line.replace(/:\s*(\d{16,})/g, ':"$1"')))

/** Identifies a vector: names repeat, so the bytes are part of it. */
export const vectorId = ({ suite, name, hex: octets }: Vector): string =>
  `${suite} ${name} ${octets.length > 80 ? `${octets.slice(36, 76)}…${octets.slice(-20)}` : octets}`

/** A context for a vector: lenient where the corpus is old, strict where it speaks of errors. */
export function contextOf(vector: Vector, peerKind: PeerKind, fourOctetAs: boolean): CodecContext {
  const hasPathIds = JSON.stringify(vector.expect.json ?? {}).includes('path-information')
  return {
    ...MODERN_CONTEXT,
    peerKind,
    fourOctetAs,
    maxLength: 65535,
    extendedNextHop: FAMILIES.filter(({ bits }) => bits === 32),
    ...(hasPathIds && { addPath: { receive: FAMILIES, send: [] } }),
    // Paths alone are about reading; what is allowed in them is another question.
    ...(vector.kind === 'as-path-2octet' && { isConfederationPeer: true, rejectAsSets: false }),
  }
}

/** A whole message around the bytes of a vector, or undefined for fragments, which have none. */
export function messageOf(vector: Vector, fourOctetAs: boolean): Uint8Array | undefined {
  const octets = hex(vector.hex)
  switch (vector.kind) {
    case 'message':
    case 'fuzz':
    case 'malformed-frame':
      return octets
    case 'update-body':
      return message(2, vector.hex)
    case 'path-attributes':
      return message(
        2,
        updateBody({ attributes: [vector.hex], ...(vector.context?.has_nlri === true && { nlri: '080a' }) }),
      )
    case 'one-attribute':
      return withAttribute(vector.hex, octets[1] ?? 0, fourOctetAs)
    case 'as-path-2octet':
      return withAttribute(attribute(0x50, 2, vector.hex), 2, fourOctetAs)
    case 'mp-reach-value':
    case 'mp-unreach-value': {
      const code = vector.kind === 'mp-reach-value' ? 14 : 15
      const length = vector.context?.declared_length ?? octets.length
      return withAttribute(`90${int(code, 1)}${int(length, 2)}${vector.hex}`, code, fourOctetAs)
    }
    case 'capability':
      return message(1, openBody(`02${int(octets.length, 1)}${vector.hex}`))
    case 'open-params':
      return message(1, openBody(vector.hex))
    case 'dyncap-body':
      return message(6, vector.hex)
    default:
      return undefined
  }
}

/** An UPDATE of 10.0.0.0/8 with everything a route needs besides this attribute. */
function withAttribute(octets: string, code: number, fourOctetAs: boolean): Uint8Array {
  const path = attribute(0x40, 2, fourOctetAs ? '02010000fde9' : '0201fde9')
  const others = new Map([
    [1, ORIGIN_IGP],
    [2, path],
    [3, NEXT_HOP_10_0_0_1],
  ])
  others.delete(code)
  return message(2, updateBody({ attributes: [...others.values(), octets], nlri: '080a' }))
}

/** What we make of a message: through the framer, then the decoder. */
export function read(bytes: Uint8Array, context: CodecContext): { outcome: Outcome; message?: Message } {
  const found: { outcome: Outcome; message?: Message }[] = []
  const framer = new Framer({
    message: (type, stream, start, end) => {
      const result = decodeMessage(type, stream, start, end, context)
      if (result.ok) found.push({ outcome: outcomeOf(result.value), message: result.value })
      else found.push({ outcome: 'session-reset' })
      return true
    },
    failure: () => {
      found.push({ outcome: 'session-reset' })
    },
  })
  framer.maxLength = 65535
  framer.push(bytes)
  return found[0] ?? { outcome: 'error' }
}

function outcomeOf(decoded: Message): Outcome {
  if (decoded.type !== 'update') return 'accept'
  const words = { accept: 'accept', discard: 'attribute-discard', withdraw: 'treat-as-withdraw' } as const
  const { action, attributes } = decoded.update
  // RFC 7606 2: leaving out what is not to be passed on is a discard too, whether it was malformed or not ours to use.
  const isSilent = action === 'accept' && attributes.some(isDropped)
  return isSilent ? 'attribute-discard' : words[action]
}

const isDropped = (candidate: Update['attributes'][number]): boolean =>
  candidate.type === 'unknown' && (candidate.flags & 0x40) === 0

/** Do the two say the same? `error` is any refusal; FRR's "accept" of an attribute table includes leaving one out. */
export function isSame(stated: Outcome, ours: Outcome, suite: string): boolean {
  if (stated === 'error') return ours === 'error' || ours === 'session-reset'
  if (stated === 'accept' && suite === 'frr-attr') return ours === 'accept' || ours === 'attribute-discard'
  return stated === ours
}
