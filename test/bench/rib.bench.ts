/**
 * The RIB against a RIB made of maps, side by side in one process: take a table in, choose, tell one peer and two hundred.
 * `npx tsx test/bench/rib.bench.ts [routes]`. Prints nanoseconds per route and ratios; gates nothing.
 */
import { ACCEPT_ALL, compilePolicy } from '../../src/policy/index.ts'
import { type PeerId, Rib, type RibPeer } from '../../src/rib/index.ts'
import { IPV4_UNICAST } from '../../wire/index.ts'
import { type EncodedRoutes, encodeRoutes, generatePrefixes } from '../support/rib-routes.ts'

const COUNT = Number(process.argv[2] ?? 200_000)
const SETS = Math.ceil(COUNT / 6.7)
const policy = compilePolicy(ACCEPT_ALL)

function client(n: number): RibPeer {
  return {
    name: `client ${n}`,
    kind: 'ibgp',
    asn: 64512,
    localAsn: 64512,
    routerId: 0x0a000000 + n,
    address: Uint8Array.of(10, 0, n >> 8, n),
    localAddress: Uint8Array.of(10, 255, 0, 1),
    families: [IPV4_UNICAST],
    fourOctetAs: true,
    maxLength: 4096,
    reflectorClient: true,
    clusterId: 0x0aff0001,
    nextHopSelf: false,
    importPolicy: policy,
    exportPolicy: policy,
    nextHops: {},
  }
}

function feed(rib: Rib, peer: PeerId, { bytes, offsets }: EncodedRoutes, everyOctets: number): void {
  let since = 0
  for (let i = 0; i + 1 < offsets.length; i++) {
    const start = offsets[i] ?? 0
    const end = offsets[i + 1] ?? 0
    const error = rib.update(peer, bytes, start + 19, end)
    if (error !== undefined) throw new Error(error.reason)
    if (end - since < everyOctets) continue
    since = end
    while (rib.pending) rib.work()
  }
}

function settle(rib: Rib): void {
  while (rib.pending) rib.work()
}

function drain(rib: Rib, peers: readonly PeerId[]): number {
  let octets = 0
  for (const peer of peers) while (rib.pull(peer, bytes => (octets += bytes.length)));
  return octets
}

function timed(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

const report = (name: string, ms: number, count = COUNT) =>
  console.log(
    `${name.padEnd(58)} ${ms.toFixed(1).padStart(8)} ms ${((ms * 1e6) / count).toFixed(0).padStart(7)} ns/route`,
  )

/** What one writes first: text keys, an object per route, attributes decoded per message. */
function naive({ bytes, offsets }: EncodedRoutes): Map<string, Map<number, { attributes: string; localPref: number }>> {
  const table = new Map<string, Map<number, { attributes: string; localPref: number }>>()
  for (let i = 0; i + 1 < offsets.length; i++) {
    const start = offsets[i] ?? 0
    const end = offsets[i + 1] ?? 0
    const attributesEnd = start + 23 + (((bytes[start + 21] ?? 0) << 8) | (bytes[start + 22] ?? 0))
    const attributes = new TextDecoder('latin1').decode(bytes.subarray(start + 23, attributesEnd))
    for (let at = attributesEnd; at < end; ) {
      const length = bytes[at] ?? 0
      const size = (length + 7) >> 3
      const key = `${bytes.subarray(at + 1, at + 1 + size).join('.')}/${length}`
      at += 1 + size
      const paths = table.get(key) ?? new Map<number, { attributes: string; localPref: number }>()
      paths.set(1, { attributes, localPref: 100 })
      table.set(key, paths)
    }
  }
  return table
}

const prefixes = generatePrefixes(COUNT, 1)
const one = encodeRoutes(prefixes, SETS, 1)
console.log(
  `${COUNT} routes, ${SETS} attribute sets, ${one.offsets.length - 1} messages, ${(one.bytes.length / COUNT).toFixed(1)} octets a route`,
)

for (const round of ['cold', 'warm']) {
  const rib = new Rib({ asn: 64512, routerId: 0x0aff0001, seed: 42 })
  const sender = rib.addPeer(client(1))
  drain(rib, [sender])
  const ingest = timed(() => feed(rib, sender, one, Number.POSITIVE_INFINITY))
  report(`${round}: ingest (decode, intern, store, choose)`, ingest)
  const receiver = rib.addPeer(client(2))
  report(
    `${round}: flush and encode`,
    timed(() => settle(rib)),
  )
  report(
    `${round}: catch-up scan of one late joiner`,
    timed(() => drain(rib, [receiver])),
  )
  report(
    `${round}: the same table again (refresh)`,
    timed(() => feed(rib, sender, one, Number.POSITIVE_INFINITY)),
  )
  report(
    `${round}: take-out of the peer`,
    timed(() => {
      rib.removePeer(sender)
      settle(rib)
    }),
  )
}

{
  const rib = new Rib({ asn: 64512, routerId: 0x0aff0001, seed: 43 })
  const sender = rib.addPeer(client(1))
  const receivers = Array.from({ length: 200 }, (_, i) => rib.addPeer(client(i + 2)))
  drain(rib, [sender, ...receivers])
  const whole = timed(() => feed(rib, sender, one, 65536))
  report('ingest and flush, a flush per 64 KiB', whole)
  let octets = 0
  const fanOut = timed(() => {
    octets = drain(rib, receivers)
  })
  report(`fan-out to 200 peers (${(octets / 1e6).toFixed(0)} MB handed out)`, fanOut, COUNT * 200)
  const { tableOctets, attributeSets } = rib.stats()
  console.log(
    `${attributeSets} attribute sets; tables ${(tableOctets / 1e6).toFixed(0)} MB reserved, resident ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  )
}

{
  const rib = new Rib({ asn: 64512, routerId: 0x0aff0001, seed: 44 })
  const peers = [1, 2, 3, 4].map(n => rib.addPeer(client(n)))
  const tables = peers.map((_, i) => encodeRoutes(prefixes, SETS, i + 1))
  drain(rib, peers)
  const all = timed(() => {
    for (const [i, peer] of peers.entries()) feed(rib, peer, tables[i] ?? one, 65536)
    settle(rib)
  })
  report('4 peers with the same prefixes, flushes included', all, COUNT * 4)
}

let size = 0
const maps = timed(() => (size = naive(one).size))
report(`maps: ingest only (${size} prefixes)`, maps)
const rib = new Rib({ asn: 64512, routerId: 0x0aff0001, seed: 45 })
const peer = rib.addPeer(client(1))
const ours = timed(() => feed(rib, peer, one, Number.POSITIVE_INFINITY))
console.log(`ratio maps / ours, ingest: ${(maps / ours).toFixed(1)}`)
