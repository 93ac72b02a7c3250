/**
 * The `prefix` of a route query: a prefix exactly as the tables hold it, or an address, which asks for the longest prefix that covers it. Host bits are a
 * mistake worth a sentence, not a silent correction. Called by endpoints.ts.
 */
import { clearHostBits, formatPrefix, hasHostBits, type Prefix, parseAddress, parsePrefix } from '../../wire/prefix.ts'

export type PrefixQuery =
  | { readonly ok: true; readonly prefix: Prefix; readonly isAddress: boolean }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly hint: string }

export function parsePrefixQuery(text: string): PrefixQuery {
  const octets = text.includes('/') ? undefined : parseAddress(text)
  const prefix = parsePrefix(octets === undefined ? text : `${text}/${octets.length * 8}`)
  const shown = JSON.stringify(text)
  if (prefix === undefined) {
    const message = `${shown} is neither a prefix nor an address`
    return { ok: false, code: 'invalid-prefix', message, hint: 'write it as 10.0.0.0/8, 2001:db8::/32 or 10.0.0.1' }
  }
  if (hasHostBits(prefix)) {
    const hint = `write ${formatPrefix(prefix.family, clearHostBits(prefix).words, prefix.length)}`
    return { ok: false, code: 'invalid-prefix', message: `${shown} has bits set after its length`, hint }
  }
  return { ok: true, prefix, isAddress: octets !== undefined }
}
