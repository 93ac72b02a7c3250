/**
 * What a row of the capability table is (RFC 5492 4). One row describes one capability completely: a new capability is
 * a new row in `registry.ts` and nothing else.
 * Called by the capability files, `registry.ts` and `codec.ts`.
 */

/** Everything about one capability. Offsets are those of the value. */
export interface CapabilityRow<C extends { readonly kind: string } = { readonly kind: string }> {
  readonly code: number
  readonly kind: C['kind']
  /**
   * What a value of impossible form does. `refuse`: 2/0, since the peer means something we cannot read (RFC 4271 6.2).
   * `keep`: it is listed as unknown and the session goes on, since it only informs.
   */
  readonly onMalformed: 'refuse' | 'keep'
  /** The value as an object, or undefined when it cannot be one. Copies what it keeps. */
  decode(bytes: Uint8Array, start: number, end: number): C | undefined
  /** The octets of the value. */
  encode(capability: C): Uint8Array
  /** The capability in the words of show commands. */
  format(capability: C): string
}

/** A decoder for values of exactly `octets` octets. */
export const ofLength =
  <C>(octets: number, decode: (bytes: Uint8Array, start: number) => C) =>
  (bytes: Uint8Array, start: number, end: number): C | undefined =>
    end - start === octets ? decode(bytes, start) : undefined

/** The items of `octets` octets each in a value; undefined when the value does not consist of whole ones. */
export function decodeItems<T>(
  octets: number,
  { start, end }: { readonly start: number; readonly end: number },
  decode: (at: number) => T,
): T[] | undefined {
  if ((end - start) % octets !== 0) return undefined
  const items: T[] = []
  for (let at = start; at < end; at += octets) items.push(decode(at))
  return items
}
