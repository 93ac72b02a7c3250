/**
 * A password as something that cannot be shown: printed, logged, or made JSON it is a word that tells nothing (RFC 2385 4.5: keys have to be kept).
 * Made by text.ts from a configuration and by src/daemon from a file; `reveal` is for whoever hands it to the kernel.
 */
import { inspect } from 'node:util'

/** What the kernel takes as the key of TCP MD5 signatures. */
export const PASSWORD_MAX_OCTETS = 80

const HIDDEN = '(hidden)'

export class Password {
  readonly #octets: Uint8Array

  /** 1 to 80 octets; whoever makes one has checked that. */
  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  reveal(): Uint8Array {
    return this.#octets
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
