/**
 * A packet filter (classic BPF) that lets a listening socket hear configured sources only. What it drops never becomes a connection, not even half of one.
 *
 * It may let more through than is configured, never less: with too many sources their prefixes are shortened until they fit, and of IPv6 addresses the
 * first half is looked at. Who is let through is judged exactly once it is accepted (listener.ts). Pure; attached by flood-guard.ts.
 */
import { IS_LITTLE_ENDIAN } from '../sys/host-order.ts'

/** A source: 4 or 16 octets of address, and how many bits of it count. */
export interface SourcePrefix {
  readonly address: Uint8Array
  readonly length: number
}

/** linux/bpf_common.h, linux/filter.h. */
const LOAD_WORD = 0x20
const AND = 0x54
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06
const NETWORK_HEADER = 0xfff0_0000
const ALL_OCTETS = 0xffff_ffff
const NONE = 0
const INSTRUCTION_OCTETS = 8
/** Instructions are charged to the option memory of the socket, which the keys of passwords need as well. */
const MAX_SOURCES = 400
const IPV4_SOURCE = 12
const IPV6_SOURCE = 8
/** How much of an IPv6 address is looked at. */
const IPV6_WORDS = 2
const SHORTEN_BITS = 4

interface Instruction {
  readonly code: number
  readonly jumpTrue?: number
  readonly jumpFalse?: number
  readonly value: number
}

/** The program, an array of struct sock_filter, for a socket of one family; sources of the other one are left out. */
export function sourceFilter(sources: Iterable<SourcePrefix>, addressOctets: 4 | 16): Uint8Array {
  const words = addressOctets === 4 ? 1 : IPV6_WORDS
  const offset = NETWORK_HEADER + (addressOctets === 4 ? IPV4_SOURCE : IPV6_SOURCE)
  const program: Instruction[] = []
  for (const { key, length } of fitting(sources, addressOctets, words)) {
    const tests: Instruction[] = []
    for (let word = 0; word * 32 < length; word++) {
      tests.push({ code: LOAD_WORD, value: offset + 4 * word })
      const mask = maskOf(length - 32 * word)
      if (mask !== ALL_OCTETS) tests.push({ code: AND, value: mask })
      tests.push({ code: JUMP_IF_EQUAL, value: key[word] ?? 0 })
    }
    const accept: Instruction = { code: RETURN, value: ALL_OCTETS }
    // A test that fails jumps behind the acceptance that follows all of them.
    tests.forEach((test, at) => {
      program.push(test.code === JUMP_IF_EQUAL ? { ...test, jumpFalse: tests.length - at } : test)
    })
    program.push(accept)
  }
  return encode([...program, { code: RETURN, value: NONE }])
}

interface Key {
  readonly key: readonly number[]
  readonly length: number
}

/** The distinct prefixes, shortened alike until there are few enough. */
function fitting(sources: Iterable<SourcePrefix>, addressOctets: number, words: number): Key[] {
  const ours = [...sources].filter(({ address }) => address.length === addressOctets)
  for (let longest = 32 * words; ; longest -= SHORTEN_BITS) {
    const keys = new Map<string, Key>()
    for (const { address, length } of ours) {
      const view = new DataView(address.buffer, address.byteOffset, address.length)
      const bits = Math.min(length, Math.max(0, longest))
      const key = Array.from(
        { length: words },
        (_, word) => (view.getUint32(4 * word) & maskOf(bits - 32 * word)) >>> 0,
      )
      keys.set(`${key.join('.')}/${bits}`, { key, length: bits })
    }
    if (keys.size <= MAX_SOURCES) return [...keys.values()]
  }
}

/** The first `bits` of a word, none for 0 and less. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? ALL_OCTETS : (ALL_OCTETS << (32 - bits)) >>> 0
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_OCTETS)
  const view = new DataView(bytes.buffer)
  program.forEach(({ code, jumpTrue = 0, jumpFalse = 0, value }, index) => {
    const at = index * INSTRUCTION_OCTETS
    view.setUint16(at, code, IS_LITTLE_ENDIAN)
    bytes[at + 2] = jumpTrue
    bytes[at + 3] = jumpFalse
    view.setUint32(at + 4, value >>> 0, IS_LITTLE_ENDIAN)
  })
  return bytes
}
