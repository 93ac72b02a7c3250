/**
 * Cross checks: what each key alone allows and all of them together do not. Errors and warnings, each with its own words.
 *
 * zod's refinements would not reach the JSON Schema and would hide each other, so these run on a configuration whose keys are
 * all good. RFC 4271 4.2 (hold time), RFC 4456 (reflection), RFC 8212 (eBGP without policy). Called by load.ts.
 */
import { isAbsolute } from 'node:path'
import { checkPolicies } from './check-policy.ts'
import { checkRanges } from './check-range.ts'
import { checkRouting, type Neighbour } from './check-routing.ts'
import type { PlacedFinding } from './explain.ts'
import { familyText, found, isIpv6 } from './finding.ts'
import type { PathSegment } from './problem.ts'
import { DEFAULT_HOLD_TIME_S, type ParsedConfig, type ParsedPeer, type ParsedRange } from './schema.ts'
import type { Address } from './text.ts'

/** Everything that contradicts something else. Warnings have `isWarning`. */
export function checkConfig(config: ParsedConfig): PlacedFinding[] {
  const own = ownAddresses(config)
  return [
    ...checkSpeaker(config),
    ...checkPeerNames(config),
    ...config.peers.flatMap((peer, index) => [
      ...checkPeerSession(config, peer, own).map(inside(['peers', index])),
      ...checkTransport(config, peer).map(inside(['peers', index])),
      ...checkRouting(config, peer, peer).map(inside(['peers', index])),
    ]),
    ...checkRanges(config),
    ...config.peerRanges.flatMap((range, index) => {
      const asn = range.asn[0] ?? 0
      const address = { text: '', octets: new Uint8Array(range.prefix.family.bits / 8) }
      return [
        ...checkHoldTime(range.holdTime),
        ...checkSessionTimers(config.speaker, range),
        ...checkTransport(config, { ...range, asn }),
        ...checkRouting(config, { ...range, asn }, { address }),
      ].map(inside(['peerRanges', index]))
    }),
    ...checkPolicies(config.policies),
    ...checkStatics(config),
    ...checkKernel(config),
    ...checkApi(config),
  ]
}

const inside =
  (base: readonly PathSegment[]) =>
  (finding: PlacedFinding): PlacedFinding => ({ ...finding, path: [...base, ...finding.path] })

const isWildcard = (address: Address): boolean => address.octets.every(octet => octet === 0)

function checkHoldTime(seconds: number | undefined): PlacedFinding[] {
  if (seconds !== 1 && seconds !== 2) return []
  return [
    found(
      ['holdTime'],
      'bad-hold-time',
      `is ${seconds}, which RFC 4271 4.2 forbids`,
      'write 0 for no hold timer, or 3 and more seconds',
    ),
  ]
}

/** RFC 9687 4.4, and a floor that we would not keep ourselves. */
function checkSessionTimers(speaker: ParsedConfig['speaker'], peer: ParsedPeer | ParsedRange): PlacedFinding[] {
  const findings: PlacedFinding[] = []
  const holdTime = peer.holdTime ?? speaker.holdTime ?? DEFAULT_HOLD_TIME_S
  const { sendHoldTime, minHoldTime } = peer
  if (sendHoldTime !== undefined && sendHoldTime > 0 && sendHoldTime <= holdTime) {
    const message = `is ${sendHoldTime}, not more than the hold time of ${holdTime} (RFC 9687 4.4)`
    findings.push(found(['sendHoldTime'], 'contradiction', message, 'write more, 0 for never, or take it out'))
  }
  if (minHoldTime !== undefined && holdTime > 0 && holdTime < minHoldTime) {
    const message = `is ${minHoldTime}, more than the hold time of ${holdTime} that we propose`
    findings.push(found(['minHoldTime'], 'contradiction', message, 'lower it, or raise holdTime'))
  }
  return findings
}

function checkSpeaker({ speaker }: ParsedConfig): PlacedFinding[] {
  const findings = checkHoldTime(speaker.holdTime).map(inside(['speaker']))
  speaker.listen.forEach((here, index) => {
    const taken = speaker.listen.findIndex(
      (there, other) =>
        other !== index &&
        there.port === here.port &&
        (there.address.text === here.address.text
          ? other < index
          : isWildcard(there.address) && isIpv6(there.address) === isIpv6(here.address)),
    )
    if (taken < 0) return
    const where = `speaker.listen[${taken}]`
    findings.push(
      found(
        ['speaker', 'listen', index],
        'duplicate-value',
        `${here.address.text} port ${here.port} is covered by ${where} already`,
        'take one of them out',
      ),
    )
  })
  return findings
}

/** `godwit disable all` */
const EVERY_PEER = 'all'

function checkPeerNames({ peers }: ParsedConfig): PlacedFinding[] {
  const names = new Map<string, number>()
  const addresses = new Map<string, number>()
  const findings: PlacedFinding[] = []
  peers.forEach((peer, index) => {
    if (peer.name === EVERY_PEER) {
      const message = `${EVERY_PEER} is what commands call all peers together`
      findings.push(found(['peers', index, 'name'], 'reserved-name', message, 'give it another name'))
    }
    const sameName = names.get(peer.name)
    const sameAddress = addresses.get(peer.address.text)
    if (sameName === undefined) names.set(peer.name, index)
    else
      findings.push(
        found(
          ['peers', index, 'name'],
          'duplicate-peer-name',
          `${peer.name} is the name of peers[${sameName}] already`,
          'give every peer its own name',
        ),
      )
    if (sameAddress === undefined) addresses.set(peer.address.text, index)
    else {
      const message = `${peer.address.text} is the address of peers[${sameAddress}] (${peers[sameAddress]?.name}) already`
      findings.push(
        found(['peers', index, 'address'], 'duplicate-peer-address', message, 'keep one peer for each address'),
      )
    }
  })
  return findings
}

/** Addresses that are surely this machine's. */
function ownAddresses({ speaker, peers }: ParsedConfig): ReadonlySet<string> {
  const own = speaker.listen.map(({ address }) => address)
  for (const { localAddress, nextHops } of peers) {
    for (const address of [localAddress, nextHops.ipv4, nextHops.ipv6]) if (address !== undefined) own.push(address)
  }
  return new Set(own.filter(address => !isWildcard(address)).map(({ text }) => text))
}

function checkPeerSession({ speaker }: ParsedConfig, peer: ParsedPeer, own: ReadonlySet<string>): PlacedFinding[] {
  const findings = [...checkHoldTime(peer.holdTime), ...checkSessionTimers(speaker, peer)]
  const { address, localAddress, port } = peer
  const listening = speaker.listen.filter(listen => isIpv6(listen.address) === isIpv6(address))
  const isSelf =
    own.has(address.text) &&
    listening.some(
      listen => listen.port === port && (isWildcard(listen.address) || listen.address.text === address.text),
    )
  if (isSelf) {
    findings.push(
      found(
        ['address'],
        'own-address',
        `${address.text} port ${port} is this speaker itself`,
        "write the neighbour's address",
      ),
    )
  }
  if (localAddress !== undefined && isIpv6(localAddress) !== isIpv6(address)) {
    findings.push(
      found(
        ['localAddress'],
        'family-mismatch',
        `${localAddress.text} is ${familyText(localAddress)}, but the peer's address is ${familyText(address)}`,
        `write an own ${familyText(address)} address`,
      ),
    )
  }
  if (peer.passive && listening.length === 0) {
    const message = `only the neighbour may dial, but this speaker listens on no ${familyText(address)} address`
    findings.push(found(['passive'], 'no-listener', message, 'add one to speaker.listen or take passive out'))
  }
  for (const family of ['ipv4', 'ipv6'] as const) {
    const nextHop = peer.nextHops[family]
    if (nextHop === undefined || isIpv6(nextHop) === (family === 'ipv6')) continue
    findings.push(
      found(
        ['nextHops', family],
        'family-mismatch',
        `${nextHop.text} is ${familyText(nextHop)}`,
        `write an own ${family === 'ipv6' ? 'IPv6' : 'IPv4'} address`,
      ),
    )
  }
  return findings
}

/** Of each pair the first is the stronger, and stays. */
const EXCLUSIVE = [
  ['password', 'passwordFile', 'write the password in one place'],
  ['ttlSecurity', 'ttl', 'take one of them out: ttlSecurity sends with TTL 255'],
  ['ttlSecurity', 'multihop', 'take one of them out: ttlSecurity says how many hops, too'],
  ['ttl', 'multihop', 'take one of them out: they are the same'],
] as const

/** Options of TCP, RFC 2385 and RFC 5082. */
function checkTransport({ speaker }: ParsedConfig, peer: Neighbour): PlacedFinding[] {
  const findings = EXCLUSIVE.filter(([one, other]) => peer[one] !== undefined && peer[other] !== undefined).map(
    ([one, other, hint]) => found([other], 'contradiction', `${one} is there as well`, hint),
  )
  if (peer.multihop !== undefined && peer.asn === speaker.asn) {
    const message = `AS ${peer.asn} is our own, and iBGP neighbours may be any number of hops away`
    findings.push(found(['multihop'], 'contradiction', message, 'take it out, or write ttl'))
  }
  const { passwordFile } = peer
  if (passwordFile === undefined || isAbsolute(passwordFile)) return findings
  const message = `${passwordFile} depends on the directory that godwit is started in`
  const warning = found(['passwordFile'], 'relative-path', message, 'write a path that begins with /')
  return [...findings, { ...warning, isWarning: true }]
}

function checkKernel({ kernel }: ParsedConfig): PlacedFinding[] {
  const rules = (kernel?.rules ?? []).flatMap(({ write, tunnel, metric }, index) => {
    if (write || (tunnel === undefined && metric === undefined)) return []
    const message = 'is not written, and says how it is written'
    return [found(['kernel', 'rules', index], 'contradiction', message, 'take out write: false, or tunnel and metric')]
  })
  const sources = (['ipv4', 'ipv6'] as const).flatMap(family => {
    const address = kernel?.source[family]
    if (address === undefined || isIpv6(address) === (family === 'ipv6')) return []
    const message = `${address.text} is ${familyText(address)}`
    return [found(['kernel', 'source', family], 'family-mismatch', message, `write it as the other family`)]
  })
  return [...rules, ...sources]
}

function checkStatics({ statics, kernel }: ParsedConfig): PlacedFinding[] {
  const seen = new Map<string, number>()
  return statics.flatMap(({ prefix, via, interface: interfaceName, blackhole }, index) => {
    const path = ['statics', index]
    const findings: PlacedFinding[] = []
    const leadsSomewhere = via !== undefined || interfaceName !== undefined
    if (leadsSomewhere === (blackhole !== undefined)) {
      const message = leadsSomewhere
        ? 'is a blackhole and leads somewhere'
        : 'has neither via nor interface nor blackhole'
      findings.push(
        found(path, 'static-target', message, 'write `via: address`, `interface: name`, or `blackhole: true`'),
      )
    }
    if (interfaceName !== undefined && (kernel === undefined || kernel.backend === 'none')) {
      const message = `${interfaceName} is an interface, but the kernel is not used`
      findings.push(
        found([...path, 'interface'], 'needs-kernel', message, 'add a kernel section, or take interface out'),
      )
    }
    if (via !== undefined && isIpv6(via) !== (prefix.family.bits === 128)) {
      const wanted = prefix.family.bits === 128 ? 'IPv6' : 'IPv4'
      findings.push(
        found(
          [...path, 'via'],
          'family-mismatch',
          `${via.text} is ${familyText(via)}, but the prefix is ${wanted}`,
          `write an ${wanted} gateway`,
        ),
      )
    }
    const key = `${prefix.words.join('.')}/${prefix.length}/${prefix.family.index}`
    const same = seen.get(key)
    if (same === undefined) seen.set(key, index)
    else
      findings.push(
        found([...path, 'prefix'], 'duplicate-value', `is the prefix of statics[${same}] already`, 'keep one of them'),
      )
    return findings
  })
}

function checkApi({ api }: ParsedConfig): PlacedFinding[] {
  const { socket } = api
  if (socket === false || isAbsolute(socket)) return []
  const message = `${socket} depends on the directory that godwit is started in`
  return [{ ...found(['api', 'socket'], 'relative-path', message, 'write a path that begins with /'), isWarning: true }]
}
