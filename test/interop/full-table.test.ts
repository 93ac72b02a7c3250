/**
 * A full IPv4 table from one peer to another through a running godwit, with the shortest hold time there is: 3 seconds.
 * The keepalives of both sessions must stay on time while the table passes through. Needs no root; runs the built program.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Godwit } from '../../src/lab/godwit.ts'
import { pause } from '../../src/lab/process.ts'
import { feedIndex, feedUpdates } from '../support/lab-feed.ts'
import { hasBuild } from '../support/lab-interop.ts'
import { RawPeer } from '../support/lab-raw-peer.ts'

const ROUTES = 200_000
const HOLD_TIME_S = 3
/** A keepalive is due every second; the rest is what a busy machine may add before it counts as late. */
const LONGEST_SILENCE_MS = 1_500
const PORT = 17_909
const [SPEAKER, SENDER, RECEIVER] = ['127.0.3.1', '127.0.3.2', '127.0.3.3'] as const
const ARRIVAL_TIMEOUT_MS = 60_000

if (!hasBuild) console.log('full-table.test.ts is skipped: godwit is not built (npm run build)')

describe.skipIf(!hasBuild && !process.env['CI'])(`${ROUTES} routes from one peer to another`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'godwit-table-'))
  const socket = join(directory, 'godwit.sock')
  const seen = new Uint8Array(ROUTES)
  let [distinct, strangers] = [0, 0]
  let godwit: Godwit
  let sender: RawPeer
  let receiver: RawPeer

  beforeAll(async () => {
    godwit = Godwit.start({ name: 'speaker', config: config(socket), socket, directory, enter: work => work() })
    await godwit.ready()
    const remote = { remoteAddress: SPEAKER, remotePort: PORT, holdTimeS: HOLD_TIME_S }
    sender = new RawPeer({ address: SENDER, asn: 65001, ...remote })
    receiver = new RawPeer({ address: RECEIVER, asn: 65002, ...remote, onPrefix: count })
    await Promise.all([sender.established(), receiver.established()])
  })
  afterAll(async () => {
    sender.close()
    receiver.close()
    await godwit.process.stop()
    rmSync(directory, { recursive: true })
  })

  function count(address: number): void {
    const index = feedIndex(address)
    if (index >= ROUTES) strangers += 1
    else if (seen[index] === 0) distinct += 1
    seen[index] = 1
  }

  it('all arrive, none invented, and no keepalive is late', async () => {
    const startedAt = performance.now()
    await sender.send(feedUpdates({ routes: ROUTES, asn: 65001, nextHop: SENDER }))
    while (distinct < ROUTES && receiver.failure === undefined && performance.now() - startedAt < ARRIVAL_TIMEOUT_MS) {
      await pause(10)
    }
    const tookS = ((performance.now() - startedAt) / 1000).toFixed(1)
    // Long enough for every timer to have run while the speaker digests.
    await pause(HOLD_TIME_S * 1000)
    const silences = [sender, receiver].map(peer => Math.round(peer.longestSilenceMs))
    console.log(`${distinct} routes in ${tookS} s; longest silence to sender and receiver: ${silences.join(', ')} ms`)
    expect([sender.failure, receiver.failure]).toEqual([undefined, undefined])
    expect({ distinct, strangers }).toEqual({ distinct: ROUTES, strangers: 0 })
    expect(Math.max(...silences)).toBeLessThan(LONGEST_SILENCE_MS)
  })
})

function config(socket: string) {
  const peer = { holdTime: HOLD_TIME_S, passive: true, import: 'accept-all', export: 'accept-all' }
  return {
    speaker: { asn: 65000, routerId: SPEAKER, listen: [{ address: SPEAKER, port: PORT }] },
    peers: [
      { name: 'sender', address: SENDER, asn: 65001, ...peer },
      { name: 'receiver', address: RECEIVER, asn: 65002, ...peer },
    ],
    api: { socket },
  }
}
