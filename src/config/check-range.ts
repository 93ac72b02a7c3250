/**
 * Cross checks of `peerRanges`: names and prefixes used once, AS numbers that make one kind of session, somebody listening, and passwords that the kernel
 * can tell apart. What a range has in common with a peer is checked in check.ts, which calls this.
 */
import type { Prefix } from '../../wire/prefix.ts'
import type { PlacedFinding } from './explain.ts'
import type { ParsedConfig, ParsedPeer, ParsedRange } from './schema.ts'
import type { Finding } from './text.ts'

type Found = Finding & { readonly key: readonly (string | number)[] }

export function checkRanges(config: ParsedConfig): PlacedFinding[] {
  return config.peerRanges.flatMap((range, index) =>
    [
      ...checkName(config, range, index),
      ...checkPrefix(config, range, index),
      ...checkAsns(config, range),
      ...checkPeersInside(config, range),
    ].map(({ key, ...finding }): PlacedFinding => ({ ...finding, path: ['peerRanges', index, ...key] })),
  )
}

function checkName({ peers, peerRanges }: ParsedConfig, { name }: ParsedRange, index: number): Found[] {
  const peer = peers.findIndex(other => other.name === name)
  const range = peerRanges.findIndex(other => other.name === name)
  if (peer < 0 && range === index) return []
  const where = peer >= 0 ? `peers[${peer}]` : `peerRanges[${range}]`
  const message = `${name} is the name of ${where} already`
  return [{ key: ['name'], code: 'duplicate-peer-name', message, hint: 'give every peer and range its own name' }]
}

function checkPrefix({ speaker, peerRanges }: ParsedConfig, { prefix }: ParsedRange, index: number): Found[] {
  const key = ['prefix']
  const same = peerRanges.findIndex(other => isSame(other.prefix, prefix))
  if (same < index) {
    const message = `is the prefix of peerRanges[${same}] already`
    return [{ key, code: 'duplicate-value', message, hint: 'keep one of them' }]
  }
  if (speaker.listen.some(({ address }) => address.octets.length * 8 === prefix.family.bits)) return []
  const message = `only neighbours dial, but this speaker listens on no ${prefix.family.bits === 128 ? 'IPv6' : 'IPv4'} address`
  return [{ key, code: 'no-listener', message, hint: 'add one to speaker.listen or take the range out' }]
}

/** Whether a session is iBGP decides about policies and reflection, so a range has sessions of one kind. */
function checkAsns({ speaker }: ParsedConfig, { asn }: ParsedRange): Found[] {
  const own = asn.indexOf(speaker.asn)
  if (own < 0 || asn.every(one => one === speaker.asn)) return []
  const message = `AS ${speaker.asn} is our own, and the others are not`
  return [{ key: ['asn', own], code: 'contradiction', message, hint: 'make two ranges of it' }]
}

/** A configured peer wins over the range it is in, but not in the kernel: a key for a prefix is demanded of every address in it. */
function checkPeersInside({ peers }: ParsedConfig, range: ParsedRange): Found[] {
  if (!isSigned(range)) return []
  const bare = peers.find(peer => !isSigned(peer) && covers(range.prefix, peer.address.octets))
  if (bare === undefined) return []
  const message = `the kernel will demand the password of the peer ${bare.name}, too, whose address is inside`
  return [{ key: ['prefix'], code: 'contradiction', message, hint: `give ${bare.name} a password` }]
}

const isSigned = ({ password, passwordFile }: ParsedPeer | ParsedRange): boolean =>
  password !== undefined || passwordFile !== undefined

function isSame(one: Prefix, other: Prefix): boolean {
  return one.family === other.family && one.length === other.length && String(one.words) === String(other.words)
}

/** `octets` is an address in network order. */
function covers({ family, length, words }: Prefix, octets: Uint8Array): boolean {
  if (octets.length * 8 !== family.bits) return false
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  for (let bit = 0; bit < length; bit += 32) {
    const unread = 32 - Math.min(32, length - bit)
    if ((view.getUint32(bit / 8) ^ (words[bit / 32] ?? 0)) >>> unread !== 0) return false
  }
  return true
}
