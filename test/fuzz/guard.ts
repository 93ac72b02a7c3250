/**
 * Bytes where reading outside shows: in the middle of a larger buffer full of poison. A decoder that looks past its range
 * reads 0 with one poison and 255 with the other, and its results differ; in a buffer of exact size it reads undefined.
 */

const MARGIN = 64

export interface Guarded {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

const POISONS = [0x00, 0xff] as const

const buffers = POISONS.map(poison => new Uint8Array(65535 + 2 * MARGIN).fill(poison))

/** The bytes in a shared buffer full of this poison; valid until the next call with the same poison. */
export function guarded(bytes: Uint8Array, poison: 0 | 1): Guarded {
  const whole = buffers[poison] as Uint8Array
  const end = MARGIN + bytes.length
  whole.set(bytes, MARGIN)
  // Only what a small overrun can reach is poisoned again.
  whole.fill(POISONS[poison], end, Math.min(whole.length, end + MARGIN))
  return { bytes: whole, start: MARGIN, end }
}

/** The bytes alone: reading outside gives undefined. */
export const exact = (bytes: Uint8Array): Guarded => ({ bytes, start: 0, end: bytes.length })
