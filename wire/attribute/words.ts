/**
 * Lists of 32-bit numbers inside attribute values, big-endian: communities, cluster ids, AS numbers.
 * Called by the attribute files that hold such a list.
 */

import { readU32, writeU32 } from '../bytes.ts'

/** The unsigned numbers in `bytes[start, end)`, whose length is a multiple of four. */
export function decodeWords(bytes: Uint8Array, start: number, end: number): number[] {
  const words: number[] = []
  for (let offset = start; offset < end; offset += 4) words.push(readU32(bytes, offset))
  return words
}

/** The octets of a list of numbers. */
export function encodeWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  for (const [index, word] of words.entries()) writeU32(bytes, 4 * index, word)
  return bytes
}
