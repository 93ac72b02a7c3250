/**
 * Keys that collide in the hash tables of the RIB as they would be without a secret: salt 0 and the published multiplier
 * of the golden ratio. A peer can read our source; what it cannot know is the seed of the process.
 */

/** What a table without a secret would multiply by. */
const PUBLIC = 0x9e3779b1

/** The inverse of an odd number modulo 2^32 (Newton). */
function inverse(odd: number): number {
  let x = odd | 0
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x))
  return x
}

const UNDO = inverse(PUBLIC)

/** The IPv4 slot of a prefix in a table of 2^`bits` slots that has no secret. */
export function publicSlot4(address: number, length: number, bits: number): number {
  return Math.imul(address ^ (length << 3), PUBLIC) >>> (32 - bits)
}

/** `count` (at most 65,536) host routes whose slots are the same one, or two, in any table of up to 2^17 slots without a secret. */
export function collidingAddresses(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => Math.imul(i, UNDO) ^ (32 << 3))
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/** The hash of words as the attribute store computes it, but without a secret. */
export function publicHash(words: readonly number[]): number {
  let hash = 0
  for (const word of words) hash = Math.imul(rotate(Math.imul(hash ^ word, PUBLIC), 15), PUBLIC)
  return hash ^ (hash >>> 15)
}

/** `count` distinct blocks of eight octets with one and the same `publicHash`: the second word undoes the first. */
export function collidingBlocks(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const block = new Uint8Array(8)
    const view = new DataView(block.buffer)
    view.setUint32(0, i, true)
    const state = Math.imul(rotate(Math.imul(i, PUBLIC), 15), PUBLIC)
    view.setUint32(4, state >>> 0, true)
    return block
  })
}
