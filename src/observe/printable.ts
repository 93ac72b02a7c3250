/**
 * Text that somebody else chose (shutdown communications, names of reasons) made safe for one line of a log or a terminal: control characters, line and
 * paragraph separators and direction overrides become visible escapes, and the length is bounded. Called by log.ts and by the tables of src/cli.
 */

const MAX_CHARACTERS = 512
/** C0, DEL, C1, lone surrogates, separators, zero-width characters, direction marks, byte order mark. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

export function printable(text: string): string {
  const bounded = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
  return bounded.replace(UNSAFE, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
