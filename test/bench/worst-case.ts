/**
 * The dearest messages there are: whole messages of 4096 and of 65535 octets, made to be as slow as possible to decode
 * into objects and to normalise, each measured in both ways. Prints the worst found per size beside the goal, 1 ms and
 * 16 ms, and how the time grew with the size: 16 times is linear. No test: it gates nothing.
 * Run with `npx tsx test/bench/worst-case.ts`.
 */

import type { CodecContext } from '../../wire/index.ts'
import {
  decodeMessage,
  FAMILIES,
  HEADER_LENGTH,
  IPV4_UNICAST,
  locateMp,
  MessageType,
  MODERN_CONTEXT,
  MpSections,
  NlriReader,
  NormalisedAttributes,
  normaliseAttributes,
  splitUpdate,
  UpdateSections,
} from '../../wire/index.ts'

const GOALS = [
  { length: 4096, ms: 1 },
  { length: 65535, ms: 16 },
] as const
const WARM_UPS = 12
const ROUNDS = 15
const SHOWN = 12

const MODERN: CodecContext = { ...MODERN_CONTEXT, maxLength: 65535, rejectAsSets: false }
const OLD: CodecContext = { ...MODERN, fourOctetAs: false }
const PATHS: CodecContext = { ...MODERN, addPath: { receive: FAMILIES, send: [] } }

interface Case {
  readonly name: string
  readonly type: number
  readonly context: CodecContext
  /** The body of a message whose body may have so many octets. */
  build(room: number): number[]
}

const u16 = (value: number): number[] => [value >>> 8, value & 0xff]
const repeat = (octets: readonly number[], room: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor(room / octets.length)) }, () => octets).flat()

/** An attribute with a wide length. */
const wide = (flags: number, code: number, value: readonly number[]): number[] => {
  return [flags | 0x10, code, ...u16(value.length), ...value]
}

const ORIGIN = [0x40, 1, 1, 0]
const PATH = [0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9]
const HOP = [0x40, 3, 4, 10, 0, 0, 1]
const MANDATORY = [...ORIGIN, ...PATH, ...HOP]
const V6_HOP = [0x20, 0x01, 0x0d, 0xb8, ...Array.from({ length: 11 }, () => 0), 1]

const update = (withdrawn: number[], attributes: number[], nlri: number[] = []): number[] => [
  ...u16(withdrawn.length),
  ...withdrawn,
  ...u16(attributes.length),
  ...attributes,
  ...nlri,
]

/** An UPDATE whose attributes are the mandatory ones, as far as wanted, and then whatever fills the rest. */
function attributeCase(
  name: string,
  fill: (room: number) => number[],
  context: CodecContext = MODERN,
  head: readonly number[] = MANDATORY,
): Case {
  const build = (room: number): number[] => update([], [...head, ...fill(room - 6 - head.length)], [8, 10])
  return { name, type: MessageType.UPDATE, context, build }
}

const listCase = (name: string, code: number, item: (index: number) => number[], context = MODERN): Case =>
  attributeCase(
    name,
    room => {
      const size = item(0).length
      return wide(0xc0, code, Array.from({ length: Math.floor((room - 4) / size) }, (_, i) => item(i)).flat())
    },
    context,
  )

const word = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)]

/** Half the room for AS_PATH, half for AS4_PATH, both of the given segments. */
const mergeCase = (name: string, narrow: readonly number[], long: readonly number[]): Case =>
  attributeCase(
    name,
    room => {
      const count = Math.floor((room - 8) / (narrow.length + long.length))
      const path = wide(0x40, 2, repeat(narrow, count * narrow.length))
      return [...path, ...wide(0xc0, 17, repeat(long, count * long.length))]
    },
    OLD,
    [...ORIGIN, ...HOP],
  )

const prefixCase = (name: string, item: readonly number[], context: CodecContext): readonly Case[] => {
  const type = MessageType.UPDATE
  return [
    { name: `${name}, announced`, type, context, build: room => update([], MANDATORY, repeat(item, room - 24)) },
    { name: `${name}, withdrawn`, type, context, build: room => update(repeat(item, room - 4), []) },
  ]
}

const mpCase = (name: string, item: readonly number[], context: CodecContext): readonly Case[] => {
  const type = MessageType.UPDATE
  const reach = [0, 2, 1, 16, ...V6_HOP, 0]
  return [
    {
      name: `${name} in MP_REACH_NLRI`,
      type,
      context,
      build: room => update([], [...ORIGIN, ...PATH, ...wide(0x80, 14, [...reach, ...repeat(item, room - 60)])]),
    },
    {
      name: `${name} in MP_UNREACH_NLRI`,
      type,
      context,
      build: room => update([], wide(0x80, 15, [0, 2, 1, ...repeat(item, room - 16)])),
    },
  ]
}

/** A stream of numbers from a seed, so that two runs measure the same. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 0x100000000
  }
}

/** Attributes of random kind, flags and length, mostly whole. */
function soup(room: number, next: () => number): number[] {
  const octets: number[] = []
  while (octets.length < room - 40) {
    const length = Math.floor(next() ** 3 * 36)
    const value = Array.from({ length }, () => Math.floor(next() * 256))
    const flags = [0x40, 0x80, 0xc0, 0xe0][Math.floor(next() * 4)] ?? 0x40
    octets.push(flags, 1 + Math.floor(next() * 40), length, ...value)
  }
  return octets
}

const soups = Array.from({ length: 12 }, (_, seed) =>
  attributeCase(`attribute soup ${seed}`, room => soup(room, random(seed + 1)), seed % 2 === 0 ? MODERN : OLD, []),
)

/** Names of attributes we have a row for, so that each is also met repeated and filled with noise. */
const CODES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 22, 23, 25, 26, 32, 35, 40, 128, 250]

const CASES: readonly Case[] = [
  ...prefixCase('IPv4 /0', [0], MODERN),
  ...prefixCase('IPv4 /1', [1, 0x80], MODERN),
  ...prefixCase('IPv4 /9', [9, 10, 0x80], MODERN),
  ...prefixCase('IPv4 /32', [32, 10, 0, 0, 1], MODERN),
  ...prefixCase('IPv4 /0 with path ids', [0, 0, 0, 1, 0], PATHS),
  ...mpCase('IPv6 /0', [0], MODERN),
  ...mpCase('IPv6 /9', [9, 0x20, 0x80], MODERN),
  ...mpCase('IPv6 /128', [128, ...V6_HOP], MODERN),
  ...mpCase('IPv6 /0 with path ids', [0, 0, 0, 1, 0], PATHS),
  ...CODES.map(code => attributeCase(`attribute ${code} empty, over and over`, room => repeat([0xc0, code, 0], room))),
  ...CODES.map(code => attributeCase(`attribute ${code} of zeros`, room => wide(0xc0, code, repeat([0], room - 4)))),
  ...CODES.map(code => attributeCase(`attribute ${code} of ones`, room => wide(0xc0, code, repeat([0xff], room - 4)))),
  attributeCase('every code, descending, over and over', room => {
    const all = Array.from({ length: 256 }, (_, i) => [0xc0, 255 - i, 0]).flat()
    return repeat(all, Math.max(room, all.length)).slice(0, room)
  }),
  attributeCase('empty attributes with wide lengths', room => repeat([0xd0, 6, 0, 0], room)),
  attributeCase('one octet values', room => repeat([0xc0, 200, 1, 7], room)),
  attributeCase(
    'AS_PATH of 255-number segments',
    room => {
      const segment = [2, 255, ...Array.from({ length: 255 }, (_, i) => word(i + 1)).flat()]
      return wide(0x40, 2, repeat(segment, room - 4))
    },
    MODERN,
    [...ORIGIN, ...HOP],
  ),
  attributeCase('AS_PATH of 1-number segments', room => wide(0x40, 2, repeat([2, 1, 0, 0, 0, 1], room - 4)), MODERN, [
    ...ORIGIN,
    ...HOP,
  ]),
  attributeCase('AS_PATH of 1-number sets', room => wide(0x40, 2, repeat([1, 1, 0, 0, 0, 1], room - 4)), MODERN, [
    ...ORIGIN,
    ...HOP,
  ]),
  attributeCase('old AS_PATH of 1-number segments', room => wide(0x40, 2, repeat([2, 1, 0, 1], room - 4)), OLD, [
    ...ORIGIN,
    ...HOP,
  ]),
  mergeCase('AS_PATH and AS4_PATH of 1-number segments', [2, 1, 0, 1], [2, 1, 0, 0, 0, 1]),
  mergeCase('AS_PATH and AS4_PATH of sets', [1, 1, 0, 1], [1, 1, 0, 0, 0, 1]),
  mergeCase('long AS_PATH, AS4_PATH of confederations', [2, 1, 0, 1], [3, 1, 0, 0, 0, 1]),
  listCase('communities', 8, word),
  listCase('extended communities', 16, i => [0, 2, ...u16(i & 0xffff), ...word(i)]),
  listCase('distinct large communities', 32, i => [...word(i), ...word(1), ...word(2)]),
  listCase('equal large communities', 32, () => [...word(1), ...word(1), ...word(2)]),
  listCase('large communities, each twice', 32, i => [...word(i >>> 1), ...word(0), ...word(0)]),
  listCase('AIGP of many TLVs', 26, () => [2, 0, 3]),
  ...soups,
  {
    name: 'NOTIFICATION of bad UTF-8',
    type: MessageType.NOTIFICATION,
    context: MODERN,
    build: room => [6, 2, 255, ...repeat([0xff], room - 3)],
  },
  {
    name: 'NOTIFICATION of capabilities',
    type: MessageType.NOTIFICATION,
    context: MODERN,
    build: room => [2, 7, ...repeat([70, 0], room - 2)],
  },
  {
    name: 'NOTIFICATION of hard resets',
    type: MessageType.NOTIFICATION,
    context: MODERN,
    build: room => repeat([6, 9], room),
  },
  {
    name: 'OPEN of empty capabilities',
    type: MessageType.OPEN,
    context: MODERN,
    build: room => openBody(2, repeat([70, 0], room - 16)),
  },
  {
    name: 'OPEN of bad UTF-8',
    type: MessageType.OPEN,
    context: MODERN,
    build: room => openBody(2, repeat([75, 100, 99, ...repeat([0xff], 99)], room - 16)),
  },
]

/** An OPEN with one parameter in extended form. */
const openBody = (type: number, value: readonly number[]): number[] => {
  const parameter = [type, ...u16(value.length), ...value]
  return [4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1, 255, 255, ...u16(parameter.length), ...parameter]
}

const sections = new UpdateSections()
const mp = new MpSections()
const reader = new NlriReader()
const out = new NormalisedAttributes()

/** What `src/rib` does at worst with a message it has never seen: both canonical forms, every prefix read. */
function normalise(bytes: Uint8Array, context: CodecContext): number {
  if (splitUpdate(bytes, HEADER_LENGTH, bytes.length, sections) !== undefined) return 0
  const { attributesStart, attributesEnd } = sections
  locateMp(bytes, attributesStart, attributesEnd, mp, context)
  for (const isMp of [false, true]) {
    const expects = { ipv4Nlri: !isMp, mpReach: isMp, anyReachable: true }
    normaliseAttributes(bytes, attributesStart, attributesEnd, context, expects, out)
  }
  const hasPathIds = context.addPath !== undefined
  let count = 0
  reader.reset(bytes, sections.withdrawnStart, sections.withdrawnEnd, IPV4_UNICAST, hasPathIds)
  while (reader.next()) count++
  reader.reset(bytes, sections.nlriStart, sections.nlriEnd, IPV4_UNICAST, hasPathIds)
  while (reader.next()) count++
  if (mp.reachFamily !== undefined) {
    reader.reset(bytes, mp.reachNlriStart, mp.reachNlriEnd, mp.reachFamily, hasPathIds)
    while (reader.next()) count++
  }
  if (mp.unreachFamily !== undefined) {
    reader.reset(bytes, mp.unreachNlriStart, mp.unreachNlriEnd, mp.unreachFamily, hasPathIds)
    while (reader.next()) count++
  }
  return count
}

function messageOf({ type, build }: Case, length: number): Uint8Array {
  const body = build(length - HEADER_LENGTH).slice(0, length - HEADER_LENGTH)
  const whole = HEADER_LENGTH + body.length
  return Uint8Array.from([...Array.from({ length: 16 }, () => 0xff), ...u16(whole), type, ...body])
}

/** Median milliseconds of one run. */
function measure(run: () => unknown): number {
  for (let i = 0; i < WARM_UPS; i++) run()
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return times.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0
}

interface Row {
  readonly name: string
  /** Milliseconds by size, in the order of `GOALS`. */
  readonly decode: readonly number[]
  readonly normalise: readonly number[]
}

const rows = CASES.map((one): Row => {
  const messages = GOALS.map(({ length }) => messageOf(one, length))
  const isUpdate = one.type === MessageType.UPDATE
  return {
    name: one.name,
    decode: messages.map(bytes => measure(() => decodeMessage(one.type, bytes, 0, bytes.length, one.context))),
    normalise: messages.map(bytes => (isUpdate ? measure(() => normalise(bytes, one.context)) : 0)),
  }
})

for (const [index, { length, ms }] of GOALS.entries()) {
  const worst = rows
    .flatMap(({ name, decode, normalise: hot }) => [
      { name: `decode     ${name}`, times: decode },
      { name: `normalise  ${name}`, times: hot },
    ])
    .toSorted((a, b) => (b.times[index] ?? 0) - (a.times[index] ?? 0))
  console.log(`\n${length} octets, goal ${ms} ms, ${CASES.length} messages`)
  for (const { name, times } of worst.slice(0, SHOWN)) {
    const time = times[index] ?? 0
    const growth = (times[1] ?? 0) / (times[0] || 1)
    console.log(
      `${time.toFixed(3).padStart(9)} ms  ${time > ms ? 'over' : '    '}  grows ${growth.toFixed(1)}×  ${name}`,
    )
  }
}
