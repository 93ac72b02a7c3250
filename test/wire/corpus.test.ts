/**
 * Messages nobody here made: captures and collector data compared with what tshark read in them, and other projects'
 * test vectors with the outcome those projects state. Sources and licenses: fixtures/messages/README.md.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Attribute, CodecContext, Message, Prefix } from '../../wire/index.ts'
import {
  decodeAttributes,
  decodeMessage,
  formatAddress,
  formatPrefix,
  formatRouterId,
  MODERN_CONTEXT,
} from '../../wire/index.ts'
import { hex } from '../support/wire-bytes.ts'

type Fields = Record<string, string | readonly string[] | undefined>

interface Captured {
  readonly source: string
  readonly asn4: boolean
  readonly hex: string
  readonly tshark: Fields
}

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

const list = (fields: Fields, name: string): readonly string[] => [fields[name] ?? []].flat()

function decode(octets: string, context: CodecContext) {
  const bytes = hex(octets)
  return decodeMessage(bytes[18] ?? 0, bytes, 0, bytes.length, context)
}

const find = <T extends Attribute['type']>(attributes: readonly Attribute[], type: T) =>
  attributes.find((candidate): candidate is Extract<Attribute, { type: T }> => candidate.type === type)

const text = ({ family, words, length }: Prefix): string => formatPrefix(family, words, length)

/** Our reading and tshark's, side by side, of the fields both have. */
function compare(message: Message, fields: Fields): { ours: unknown; theirs: unknown } {
  switch (message.type) {
    case 'open': {
      const { version, asn, holdTimeS, routerId } = message.open
      const names = ['open.version', 'open.myas', 'open.holdtime', 'open.identifier']
      return {
        ours: [`${version}`, `${asn}`, `${holdTimeS}`, formatRouterId(routerId)],
        theirs: names.map(name => fields[name]),
      }
    }
    case 'notification':
      return { ours: `${message.notification.code}`, theirs: fields['notify.major_error'] }
    case 'route-refresh': {
      const { afi, safi } = message.refresh
      return { ours: [`${afi}`, `${safi}`], theirs: [fields['route_refresh.afi'], fields['route_refresh.safi']] }
    }
    case 'update':
      return compareUpdate(message.update, fields)
    case 'keepalive':
      return { ours: '4', theirs: fields['type'] }
  }
}

function compareUpdate(
  { attributes, nlri, withdrawn }: Extract<Message, { type: 'update' }>['update'],
  fields: Fields,
): { ours: unknown; theirs: unknown } {
  const nextHop = find(attributes, 'next-hop')
  const aggregator = find(attributes, 'aggregator')
  const numbers = (type: 'med' | 'local-pref'): string[] => {
    const found = find(attributes, type)
    return found === undefined ? [] : [`${found.value}`]
  }
  const communities = find(attributes, 'communities')?.values ?? []
  // tshark names the well-known ones instead of splitting them.
  const plain = communities.filter(value => value >>> 16 !== 0xffff && value >>> 16 !== 0)
  const ours = {
    origin: [`${find(attributes, 'origin')?.origin ?? ''}`].filter(value => value !== ''),
    nextHop: nextHop === undefined ? [] : [formatAddress(nextHop.octets)],
    med: numbers('med'),
    localPref: numbers('local-pref'),
    aggregator: aggregator === undefined ? [] : [formatRouterId(aggregator.address)],
    withdrawn: withdrawn.map(text).map(address),
    nlri: nlri.map(text).map(address),
    communities: plain.length === communities.length ? plain.map(value => `${value & 0xffff}`) : [],
    path: find(attributes, 'as-path')?.segments.flatMap(segment => segment.asns.map(String)) ?? [],
  }
  const hasAs4Path = list(fields, 'type_code').includes('17')
  const theirs = {
    origin: list(fields, 'origin'),
    nextHop: list(fields, 'next_hop'),
    med: list(fields, 'multi_exit_disc'),
    localPref: list(fields, 'local_pref'),
    aggregator: list(fields, 'aggregator_origin').slice(0, 1),
    withdrawn: list(fields, 'withdrawn_prefix'),
    nlri: list(fields, 'nlri_prefix'),
    communities: plain.length === communities.length ? list(fields, 'community_value') : [],
    path: hasAs4Path ? ours.path : list(fields, 'as_path_segment.as2').concat(list(fields, 'as_path_segment.as4')),
  }
  return { ours, theirs }
}

const address = (prefix: string): string => prefix.slice(0, prefix.indexOf('/'))

describe.each(['collectors.jsonl', 'captures.jsonl'])('messages in %s', name => {
  it.each(load<Captured>(name).map((captured, index) => [index + 1, captured] as const))(
    'line %i is read as tshark reads it',
    (_line, captured) => {
      const result = decode(captured.hex, { ...context, fourOctetAs: captured.asn4 })
      if (!result.ok) throw new Error(`${result.error.reason} in ${captured.source}`)
      const { ours, theirs } = compare(result.value, captured.tshark)
      expect(ours).toEqual(theirs)
    },
  )
})

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
  // The size of AS numbers is a guess of tshark's here, so the paths are not compared; a refused message is not either.
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
    const { ours, theirs } = compare(message, fields)
    expect(withoutPath(ours)).toEqual(withoutPath(theirs))
  })
})

const withoutPath = (fields: unknown): unknown =>
  typeof fields === 'object' && fields !== null && 'path' in fields ? { ...fields, path: undefined } : fields

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
