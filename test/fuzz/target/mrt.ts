/**
 * MRT files (RFC 6396, RFC 8050): any octets are records, problems or skipped, however they are cut; a record never says
 * more than its octets; and the attributes of RIB entries read as those of an UPDATE do. Seeds are built here: messages in
 * every BGP4MP subtype, a peer index table, tables of both versions.
 */
import { decodeAttributes, MODERN_CONTEXT, splitUpdate, UpdateSections } from '../../../wire/index.ts'
import { type MrtContent, MrtDecoder, MrtFramer, ribAttributes } from '../../../wire/mrt/index.ts'
import { bytesOf, check, digest, hexOf, kindOf, mix } from '../check.ts'
import { exact, type Guarded, guarded } from '../guard.ts'
import { damage, mutateMessage } from '../mutate.ts'
import type { Random } from '../random.ts'
import { type Pool, type Run, shorter, type Target } from '../target.ts'

export interface MrtInput {
  readonly bytes: Uint8Array
}

const MAX_LENGTH = 65_000
/** Smaller than the default, so that records too long are met. */
const MAX_RECORD = 40_000

interface Reading {
  digest: number
  readonly outcomes: number[]
  records: number
}

function read({ bytes, start, end }: Guarded, cuts: readonly number[], isDigested: boolean): Reading {
  const reading: Reading = { digest: 1, outcomes: [], records: 0 }
  const decoder = new MrtDecoder()
  const framer = new MrtFramer(
    {
      record: (header, octets, from, to) => {
        check(
          to - from === header.length && from >= 0 && to <= octets.length,
          'records are whole',
          () => `${from} to ${to}`,
        )
        const { content, microseconds } = decoder.decode(header, octets, from, to)
        reading.records++
        reading.outcomes.push(outcomeOf(content, header.type, header.subtype))
        if (isDigested) reading.digest = mix(reading.digest, digest([header, content, microseconds]))
      },
      problem: problem => {
        reading.outcomes.push(digest(kindOf(problem.reason)))
        if (isDigested) reading.digest = mix(reading.digest, digest(problem))
      },
    },
    MAX_RECORD,
  )
  let from = start
  for (const cut of cuts) {
    framer.push(bytes.subarray(from, start + cut))
    from = start + cut
  }
  framer.push(bytes.subarray(from, end))
  framer.end()
  return reading
}

function outcomeOf(content: MrtContent, type: number, subtype: number): number {
  const kind = mix(digest(content.kind), Math.min(type, 18) * 16 + Math.min(subtype, 13))
  switch (content.kind) {
    case 'malformed':
      return mix(kind, digest(kindOf(content.problem.reason)))
    case 'rib': {
      let worst = 0
      for (const { attributes } of content.entries.slice(0, 20)) {
        const block = ribAttributes(attributes, content.afi, content.safi)
        worst = Math.max(worst, decodeAttributes(block, 0, block.length, MODERN_CONTEXT).action.length)
      }
      return mix(kind, worst)
    }
    default:
      return kind
  }
}

function runMrt({ bytes }: MrtInput, isThorough: boolean): Run {
  const started = performance.now()
  const { digest: expected, outcomes, records } = read(guarded(bytes, 0), [], isThorough)
  const ms = performance.now() - started
  if (isThorough) {
    check(read(guarded(bytes, 1), [], true).digest === expected, 'reads only inside', () => 'poison changes the result')
    const seed = digest(bytes) >>> 0
    const cuts = [1, 11, 12, 13, seed % (bytes.length + 1), (seed >>> 8) % (bytes.length + 1)].filter(
      cut => cut < bytes.length,
    )
    const sorted = [...new Set(cuts)].sort((a, b) => a - b)
    check(read(exact(bytes), sorted, true).digest === expected, 'any split gives the same records', () => sorted.join())
  }
  return { outcomes, ms, messages: Math.max(1, records) }
}

const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255]
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)]

function record(type: number, subtype: number, body: readonly number[]): number[] {
  return [...u32(1_600_000_000), ...u16(type), ...u16(subtype), ...u32(body.length), ...body]
}

/** AS numbers, interface, family, addresses, as BGP4MP has them (RFC 6396 4.4). */
const session = (isWide: boolean, isIpv6: boolean): number[] => {
  const asn = isWide ? u32(65001) : u16(65001)
  const address = new Array<number>(isIpv6 ? 16 : 4).fill(1)
  return [...asn, ...asn, 0, 0, ...u16(isIpv6 ? 2 : 1), ...address, ...address]
}

const PEERS = [
  ...u32(0x0a000001),
  ...u16(2),
  0x61,
  0x62,
  ...u16(4),
  ...[0, ...u32(1), ...u32(2), ...u16(65001)],
  ...[1, ...u32(1), ...new Array<number>(16).fill(2), ...u16(65001)],
  ...[2, ...u32(1), ...u32(2), ...u32(65001)],
  ...[3, ...u32(1), ...new Array<number>(16).fill(2), ...u32(65001)],
]

/** A file around one message: it in some BGP4MP record, its attributes in tables. */
function fileAround(message: Uint8Array, n: number): Uint8Array {
  const subtype = [1, 4, 6, 7, 8, 9, 10, 11][n % 8] ?? 4
  const isWide = [4, 7, 9, 11].includes(subtype)
  const octets = [...message.subarray(0, 4096)]
  const isEt = n % 3 === 0
  const body = [...session(isWide, n % 5 === 0), ...octets]
  const file = record(isEt ? 17 : 16, subtype, isEt ? [...u32(123_456), ...body] : body)
  file.push(...record(16, n % 2 === 0 ? 0 : 5, [...session(n % 2 !== 0, false), ...u16(5), ...u16(6)]))
  const sections = new UpdateSections()
  if (n % 2 !== 0 || message.length > 4096 || splitUpdate(message, 19, message.length, sections) !== undefined)
    return Uint8Array.from(file)
  const attributes = [...message.subarray(sections.attributesStart, sections.attributesEnd)]
  const entry = (path: readonly number[]) => [
    ...u16(n % 6),
    ...u32(1_600_000_000),
    ...path,
    ...u16(attributes.length),
    ...attributes,
  ]
  const isPath = n % 4 === 0
  const head = [...u32(n), 24, 10, 0, 0, ...u16(2)]
  const id = isPath ? u32(7) : []
  file.push(...record(13, 1, PEERS), ...record(13, isPath ? 8 : 2, [...head, ...entry(id), ...entry(id)]))
  file.push(...record(13, isPath ? 12 : 6, [...u32(n), ...u16(1), 1, 24, 10, 0, 0, ...u16(1), ...entry(id)]))
  const old = [
    ...u16(0),
    ...u16(1),
    10,
    0,
    0,
    0,
    24,
    1,
    ...u32(0),
    10,
    0,
    0,
    2,
    ...u16(65001),
    ...u16(attributes.length),
    ...attributes,
  ]
  return Uint8Array.from([...file, ...record(12, 1, old)])
}

/** The records of a file as far as their lengths can be believed, the rest as the last one. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = []
  let at = 0
  while (at + 12 <= bytes.length) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at + 8, 4).getUint32(0)
    if (at + 12 + length > bytes.length) break
    records.push(bytes.slice(at, at + 12 + length))
    at += 12 + length
  }
  if (at < bytes.length) records.push(bytes.slice(at))
  return records
}

function repaired(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= 12) bytes.set(u32(bytes.length - 12), 8)
  return bytes
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole.slice(0, MAX_LENGTH)
}

const TYPES: readonly (readonly [number, number])[] = [
  [16, 0],
  [16, 1],
  [16, 4],
  [16, 5],
  [16, 6],
  [16, 7],
  [16, 8],
  [16, 9],
  [16, 10],
  [16, 11],
  [17, 1],
  [17, 4],
  [17, 9],
  [17, 5],
  [13, 1],
  [13, 2],
  [13, 3],
  [13, 4],
  [13, 5],
  [13, 6],
  [13, 8],
  [13, 9],
  [13, 10],
  [13, 11],
  [13, 12],
  [12, 1],
  [12, 2],
  [5, 1],
  [5, 3],
  [5, 6],
]

function mutateMrt({ bytes }: MrtInput, random: Random, pool: Pool<MrtInput>): MrtInput {
  const records = recordsOf(bytes)
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(records.length)
    const chosen = records[at] ?? new Uint8Array(0)
    switch (random.below(9)) {
      case 0:
        records.splice(random.below(records.length + 1), 0, random.pick(recordsOf(pool.any().bytes)) ?? chosen)
        break
      case 1:
        records.splice(at, 1)
        break
      case 2: {
        const other = chosen.slice()
        const [type, subtype] = random.pick(TYPES)
        if (other.length >= 8) other.set([...u16(type), ...u16(subtype)], 4)
        records[at] = other
        break
      }
      case 3: {
        const other = chosen.slice()
        if (other.length >= 12)
          other.set(
            u32(
              random.pick([
                0,
                1,
                other.length - 13,
                other.length - 11,
                MAX_RECORD,
                MAX_RECORD + 1,
                0xffffffff,
                random.edge(),
              ]) >>> 0,
            ),
            8,
          )
        records[at] = other
        break
      }
      case 4:
        records.splice(
          random.below(records.length + 1),
          0,
          fileAround(
            mutateMessage(pool.message(), random, () => pool.message()),
            random.below(60),
          ),
        )
        break
      default: {
        const body = damage(chosen.subarray(Math.min(12, chosen.length)), random)
        const changed = joined([chosen.subarray(0, 12), body])
        records[at] = random.oneIn(8) ? changed : repaired(changed)
      }
    }
  }
  const file = joined(records)
  return { bytes: random.oneIn(10) ? damage(file, random) : file }
}

export const MRT: Target<MrtInput> = {
  name: 'mrt',
  batch: 192,
  weight: 2,
  seeds: messages => messages.filter((_, i) => i % 4 === 0).map((message, i) => ({ bytes: fileAround(message, i) })),
  mutate: mutateMrt,
  run: runMrt,
  limitMs: () => undefined,
  size: ({ bytes }) => bytes.length,
  *shrink({ bytes }) {
    for (const smaller of shorter(bytes)) yield { bytes: smaller }
  },
  toJson: ({ bytes }) => ({ hex: hexOf(bytes) }),
  fromJson: json => ({ bytes: bytesOf((json as { hex: string }).hex) }),
}
