/**
 * How many messages a piece of output holds. The peers of an update group are written the same pieces one after the other, so the last answer is
 * remembered; a piece is whole messages (RFC 4271 4.1), made by ourselves.
 */
import { HEADER_LENGTH, MARKER_LENGTH } from '../../wire/index.ts'

export class UpdateCounter {
  #piece: Uint8Array | undefined
  #count = 0

  count(piece: Uint8Array): number {
    if (piece === this.#piece) return this.#count
    let count = 0
    for (let at = 0; at + HEADER_LENGTH <= piece.length; count++) {
      at += Math.max(HEADER_LENGTH, (piece[at + MARKER_LENGTH]! << 8) | piece[at + MARKER_LENGTH + 1]!)
    }
    this.#piece = piece
    this.#count = count
    return count
  }
}
