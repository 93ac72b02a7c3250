/** The network side on a machine where the C library cannot be called. */
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { until } from '../../support/net-scripted-peer.ts'
import type { World as WorldOfTests } from '../../support/net-world.ts'

const LIBC = '../../../src/sys/libc.ts'

// Test files share modules, so these are loaded anew, without the C library, and forgotten again.
vi.resetModules()
vi.doMock(LIBC, async original => ({
  ...(await original<typeof import('../../../src/sys/libc.ts')>()),
  loadLibc: () => ({ isLoaded: false, code: 'SYS_NO_KOFFI', reason: 'the package koffi cannot be loaded.' }),
}))
const { configFromObject } = await import('../../../src/config/index.ts')
const { startSpeaker } = await import('../../../src/daemon/index.ts')
const { fsmOptions, peerAt, World } = await import('../../support/net-world.ts')
afterAll(() => {
  vi.doUnmock(LIBC)
  vi.resetModules()
})

const worlds: WorldOfTests[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.stop()
})

it('peers that need no options of sockets come up', async () => {
  const listener = await World.start([peerAt(2)])
  const fsm = fsmOptions({ passive: false, routerId: 2 })
  const dialler = await World.start([peerAt(1, { remotePort: listener.port, localAddress: '127.0.0.2', fsm })], {
    listen: [],
  })
  worlds.push(listener, dialler)
  await until(() => listener.state(2) === 'Established' && dialler.state(1) === 'Established', 'Established')
})

const CANNOT = 'which cannot be set here: the package koffi cannot be loaded.'

it.each([
  [{ password: 's3cret' }, 'password'],
  [{ ttlSecurity: 1 }, 'ttlSecurity'],
  [{ ttl: 1 }, 'ttl (multihop)'],
  [{ device: 'lo' }, 'device'],
  [{ tcpUserTimeout: 30, device: 'lo' }, 'device, tcpUserTimeout'],
])('a configuration with %j is refused at start with a sentence', async (option, words) => {
  const result = configFromObject({
    speaker: { asn: 64512, routerId: '10.0.0.1', listen: [] },
    peers: [{ name: 'tor', address: '127.0.0.2', asn: 64512, ...option }],
  })
  if (!result.ok) throw new Error('expected a good configuration')
  await expect(startSpeaker(result.config)).rejects.toMatchObject({
    code: 'transport-unavailable',
    message: `peer tor is to have ${words}, ${CANNOT}`,
    hint: expect.stringContaining(words),
  })
})
