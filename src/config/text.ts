/**
 * Text of a configuration into values: AS numbers, addresses, prefixes, communities; each refusal says what is wrong and what to write.
 *
 * Addresses are judged by ip-address (edges only: it is slow), then turned into octets by wire/. RFC 5396 for asdot, RFC 4291 and
 * RFC 5952 for IPv6, RFC 1997 for communities. Called by schema.ts, once per value.
 */
import { Address4, Address6 } from 'ip-address'
import {
  formatPrefix,
  formatRouterId,
  type Prefix,
  parseAddress,
  parsePrefix,
  parseRouterId,
} from '../../wire/prefix.ts'
import type { PrefixMatch } from '../policy/policy.ts'
import { PASSWORD_MAX_OCTETS, Password } from './password.ts'
import type { ProblemCode } from './problem.ts'
import type { ListenAddress } from './types.ts'

/** What is wrong and what to do, before it has a place in a file. */
export interface Finding {
  readonly code: ProblemCode
  readonly message: string
  readonly hint: string
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly finding: Finding }

const good = <T>(value: T): Parsed<T> => ({ ok: true, value })
const bad = (code: ProblemCode, message: string, hint: string): Parsed<never> => ({
  ok: false,
  finding: { code, message, hint },
})

/** How a value is named in a message: text in quotes, a map by its kind. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'empty'
  if (typeof value === 'object') return 'a map of keys'
  return `the ${typeof value === 'boolean' ? 'truth value' : 'number'} ${String(value)}`
}

const ASN_MAX = 4_294_967_295
const AS_TRANS = 23_456
const ASN_HINT = 'write a number from 1 to 4294967295, or asdot such as 1.10'

/** From a file it is the text as written: YAML alone would read asdot 1.10 as 1.1. */
export function parseAsn(value: string | number): Parsed<number> {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return bad('bad-asn', `is the number ${value}, which is not whole`, 'write asdot as text, in quotes')
  }
  const parts = /^(?:(\d{1,10})|(\d{1,5})\.(\d{1,5}))$/.exec(String(value))
  if (parts === null) {
    const bare = /^as ?(\d[\d.]*)$/i.exec(String(value))?.[1]
    return bad('bad-asn', `is ${describe(value)}, not an AS number`, bare === undefined ? ASN_HINT : `write ${bare}`)
  }
  const [, plain, high, low] = parts
  if (plain === undefined && (Number(high) > 0xffff || Number(low) > 0xffff)) {
    return bad('bad-asn', `${value} has a half above 65535`, ASN_HINT)
  }
  const asn = plain === undefined ? Number(high) * 0x10000 + Number(low) : Number(plain)
  if (asn === 0) return bad('bad-asn', 'AS 0 is reserved (RFC 7607)', ASN_HINT)
  if (asn > ASN_MAX) return bad('bad-asn', `AS ${asn} does not fit in 32 bits`, ASN_HINT)
  if (asn === AS_TRANS) {
    return bad(
      'bad-asn',
      'AS 23456 is AS_TRANS, which only stands in for 4-octet AS numbers (RFC 6793)',
      'write the real AS number',
    )
  }
  return good(asn)
}

/** A checked address with its canonical text, zone included, and its octets. */
export interface Address {
  readonly text: string
  readonly octets: Uint8Array
}

function readAddress(text: string): Address4 | Address6 | undefined {
  try {
    return text.includes(':') ? new Address6(text) : new Address4(text)
  } catch {
    return undefined // the library throws on what is not an address
  }
}

/** A unicast address of one host that is known everywhere: no prefix length, no link-local, no zone, no IPv4 in IPv6 clothes. */
export function parseHostAddress(text: string): Parsed<Address> {
  const address = parseListenAddress(text)
  if (!address.ok || !isLinkLocal(address.value.octets)) return address
  return bad(
    'bad-address',
    `${text} is a link-local address, which means nothing here`,
    'write a global or unique local (fd00::/8) address',
  )
}

/** As parseHostAddress, and a link-local address with the interface whose link it belongs to (RFC 4007 11: `fe80::1%eth0`). */
export function parseListenAddress(text: string): Parsed<Address> {
  if (text.includes('/')) {
    return bad('bad-address', `${text} has a prefix length`, `write the address alone, such as ${text.split('/')[0]}`)
  }
  const [host = '', zone, ...more] = text.split('%')
  const address = more.length > 0 ? undefined : readAddress(host)
  if (address === undefined) {
    const hint =
      /[a-z]/i.test(text) && !text.includes(':')
        ? 'host names are not looked up; write the address itself'
        : 'write one such as 10.0.0.1 or fd00::1'
    return bad('bad-address', `${describe(text)} is not an IP address`, hint)
  }
  if (address instanceof Address6 && address.isMapped4()) {
    return bad('bad-address', `${text} is an IPv4 address inside IPv6`, `write ${address.to4().correctForm()}`)
  }
  if (address.isMulticast() || address.correctForm() === '255.255.255.255') {
    return bad('bad-address', `${text} is not the address of one host`, 'write a unicast address')
  }
  const octets = parseAddress(address.correctForm())
  const needsZone = octets !== undefined && isLinkLocal(octets)
  if (needsZone !== (zone !== undefined)) {
    return needsZone
      ? bad('bad-address', `${text} is a link-local address without its interface`, `write it as ${text}%eth0`)
      : bad('bad-address', `${text} has an interface, which only link-local addresses have`, `write ${host}`)
  }
  if (zone === undefined) return toAddress(address)
  const name = parseInterfaceName(zone)
  return name.ok ? toAddress(address, name.value) : name
}

/** As parseListenAddress, but all-zeros, "every address of this machine", is not for hosts one talks to. */
export function parsePeerAddress(text: string): Parsed<Address> {
  return notWildcard(text, parseListenAddress(text))
}

/** As parseHostAddress, without all-zeros. */
export function parseSpecificAddress(text: string): Parsed<Address> {
  return notWildcard(text, parseHostAddress(text))
}

function notWildcard(text: string, address: Parsed<Address>): Parsed<Address> {
  if (address.ok && address.value.octets.every(octet => octet === 0)) {
    return bad('bad-address', `${text} stands for every address and names no host`, 'write one address')
  }
  return address
}

/** fe80::/10. */
function isLinkLocal(octets: Uint8Array): boolean {
  return octets.length === 16 && octets[0] === 0xfe && ((octets[1] ?? 0) & 0xc0) === 0x80
}

function toAddress(address: Address4 | Address6, zone?: string): Parsed<Address> {
  const text = address.correctForm()
  const octets = parseAddress(text)
  return octets === undefined
    ? bad('bad-address', `${text} is not an IP address`, 'write another')
    : good({ text: zone === undefined ? text : `${text}%${zone}`, octets })
}

/** A prefix in canonical form. Host bits are refused, and the hint names what was probably meant. */
export function parsePrefixText(text: string): Parsed<Prefix> {
  const slash = text.indexOf('/')
  const address = readAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined || (address instanceof Address6 && address.zone !== '')) {
    return bad('bad-prefix', `${describe(text)} is not a prefix`, 'write one such as 10.0.0.0/8 or fd00::/64')
  }
  const bits = address instanceof Address6 ? 128 : 32
  const host = address.correctForm()
  if (slash < 0) return bad('bad-prefix', `${text} has no prefix length`, `write ${host}/${bits} for the one address`)
  const lengthText = text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || Number(lengthText) > bits) {
    return bad('bad-prefix', `${text} has no good prefix length`, `write a length from 0 to ${bits}`)
  }
  const length = Number(lengthText)
  const whole = `${host}/${length}`
  const start = (bits === 128 ? new Address6(whole) : new Address4(whole)).startAddress().correctForm()
  const prefix = parsePrefix(`${start}/${length}`)
  if (prefix === undefined) return bad('bad-prefix', `${describe(text)} is not a prefix`, 'write another')
  if (start !== host) {
    const right = formatPrefix(prefix.family, prefix.words, length)
    return bad(
      'host-bits',
      `${text} has bits set behind its length`,
      `write ${right}, or ${host}/${bits} for the one address`,
    )
  }
  return good(prefix)
}

/** `10.0.0.0/8` that one, `10.0.0.0/8+` that and longer, `10.0.0.0/8{16,24}` lengths 16 to 24 inside it. */
export function parsePrefixMatch(text: string): Parsed<PrefixMatch> {
  const parts = /^(.*?)(?:(\+)|(-)|\{ *(\d{1,3}) *, *(\d{1,3}) *\})?$/.exec(text)
  const parsed = parsePrefixText(parts?.[1] ?? text)
  if (!parsed.ok) return parsed
  const prefix = parsed.value
  if (parts?.[2] !== undefined) return good({ prefix, minLength: prefix.length, maxLength: prefix.family.bits })
  if (parts?.[3] !== undefined) {
    return bad(
      'bad-prefix',
      `${text}: shorter prefixes cannot be matched`,
      `list them one by one, or write ${parts[1]}+ for longer ones`,
    )
  }
  if (parts?.[4] === undefined) return good({ prefix, minLength: prefix.length, maxLength: prefix.length })
  return lengthRange(prefix, Number(parts[4]), Number(parts[5]))
}

/** A prefix with a range of lengths; both ends count. */
export function lengthRange(prefix: Prefix, minLength: number, maxLength: number): Parsed<PrefixMatch> {
  const { length, family } = prefix
  if (minLength < length || maxLength > family.bits || minLength > maxLength) {
    return bad(
      'bad-prefix',
      `lengths ${minLength} to ${maxLength} are no range inside a /${length}`,
      `write lengths from ${length} to ${family.bits}, the smaller one first`,
    )
  }
  return good({ prefix, minLength, maxLength })
}

/** A BGP Identifier or cluster id as a dotted quad, never 0.0.0.0 (RFC 6286 2.1). */
export function parseRouterIdText(text: string): Parsed<number> {
  const hint = 'write four numbers such as 10.0.0.1; an IPv4 address of this machine is a good choice'
  const address = text.includes(':') ? undefined : readAddress(text)
  const id = address === undefined || text.includes('/') ? undefined : parseRouterId(address.correctForm())
  if (id === undefined) {
    const number = /^\d{1,10}$/.test(text) && Number(text) <= ASN_MAX && Number(text) > 0
    const dotted = number ? `write ${formatRouterId(Number(text))}, which is the same number` : hint
    return bad('bad-router-id', `${describe(text)} is not a dotted quad`, dotted)
  }
  return id === 0 ? bad('bad-router-id', '0.0.0.0 is not allowed (RFC 6286)', hint) : good(id)
}

/** `127.0.0.1:9179` or `[::1]:9179`. */
export function parseEndpoint(text: string): Parsed<ListenAddress> {
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(parts?.[3])
  if (parts === null || port < 1 || port > 0xffff) {
    return bad('bad-address', `${describe(text)} is not address:port`, 'write one such as 127.0.0.1:9179 or [::1]:9179')
  }
  const address = parseHostAddress(parts[1] ?? parts[2] ?? '')
  return address.ok ? good({ address: address.value.text, port }) : address
}

/** What fits into sockaddr_un, the final zero included in its 108. */
const SOCKET_PATH_MAX_OCTETS = 107

/** A path for a unix socket. */
export function parseSocketPath(text: string): Parsed<string> {
  const octets = new TextEncoder().encode(text).length
  if (octets > SOCKET_PATH_MAX_OCTETS) {
    return bad(
      'out-of-range',
      `is ${octets} octets long`,
      `use a path of at most ${SOCKET_PATH_MAX_OCTETS} octets, which is what the kernel takes`,
    )
  }
  if (text === '' || text.includes('\0'))
    return bad('bad-text', `${describe(text)} is no path`, 'write a path, or false for no socket')
  return good(text)
}

/** Never repeats what was written. */
export function parsePassword(text: string): Parsed<Password> {
  const octets = new TextEncoder().encode(text)
  if (octets.length === 0) return bad('bad-password', 'is empty', 'write the password, or take the key out')
  if (octets.length > PASSWORD_MAX_OCTETS) {
    return bad(
      'bad-password',
      `is ${octets.length} octets long`,
      `use at most ${PASSWORD_MAX_OCTETS}, which is what TCP MD5 takes`,
    )
  }
  return good(new Password(octets))
}

export function parsePasswordFile(text: string): Parsed<string> {
  if (text === '' || text.includes('\0'))
    return bad('bad-text', `${describe(text)} is no path`, 'write the path of a file')
  return good(text)
}

/** A name the kernel would take, without a pattern. */
export function parseInterfaceName(text: string): Parsed<string> {
  if (/^[^\s/:\0]{1,15}$/.test(text) && text !== '.' && text !== '..') return good(text)
  return bad('bad-text', `${describe(text)} is no name of an interface`, 'write one that "ip link" shows')
}

/** Names go into metrics, commands and log lines. */
export function parseName(text: string): Parsed<string> {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/.test(text)) return good(text)
  return bad(
    'bad-text',
    `${describe(text)} is not a good name`,
    'use 1 to 64 letters, digits and _ . : -, and begin with a letter or digit',
  )
}

/** An interface pattern: `*` and `?` as in a shell, a leading `-` excludes. */
export function parseInterfacePattern(text: string): Parsed<string> {
  if (/^-?[^\s/-][^\s/]{0,31}$/.test(text)) return good(text)
  return bad(
    'bad-text',
    `${describe(text)} is not an interface pattern`,
    "write one such as 'eth*', or '-cali*' to leave interfaces out",
  )
}

/** A name, or a pattern with `*` and `?` as in a shell. */
export function parsePattern(text: string): Parsed<string> {
  if (/^[^\s/-][^\s/]{0,63}$/.test(text)) return good(text)
  return bad(
    'bad-text',
    `${describe(text)} is no name and no pattern`,
    "write one such as 'eth*'; * is any text, ? one character",
  )
}
