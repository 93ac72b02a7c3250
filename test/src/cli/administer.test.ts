import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RunningServer, startApiServer } from '../../../src/api/server.ts'
import { SampleControls, SampleViews } from '../api/sample-views.ts'
import { withTemporaryDirectory } from '../api/unix-client.ts'
import { godwit } from './terminal.ts'

let controls: SampleControls
let socket: string
let server: RunningServer
let leave = () => {}

beforeEach(async () => {
  controls = new SampleControls()
  const directory = await new Promise<string>(resolve => {
    void withTemporaryDirectory(path => {
      resolve(path)
      return new Promise<void>(end => {
        leave = end
      })
    })
  })
  socket = join(directory, 'godwit.sock')
  server = await startApiServer({ socketPath: socket, views: new SampleViews(), controls, version: '1.2.3' })
})

afterEach(async () => {
  await server.close()
  leave()
})

const order = (...argv: string[]) => godwit([...argv, '--socket', socket])

describe('orders to peers', () => {
  it.each<[string[], object]>([
    [['disable', 'tor-a'], { action: 'disable', peer: 'tor-a' }],
    [['disable', 'tor-a', '--message', 'back at noon'], { action: 'disable', peer: 'tor-a', message: 'back at noon' }],
    [['disable', 'all'], { action: 'disable' }],
    [['enable', 'tor-a'], { action: 'enable', peer: 'tor-a' }],
    [['restart', 'all', '--message', 'ü'], { action: 'restart', message: 'ü' }],
    [['refresh', 'tor-a'], { action: 'refresh', peer: 'tor-a', direction: 'in' }],
    [['refresh', 'all', 'out'], { action: 'refresh', direction: 'out' }],
  ])('%j reaches the daemon', async (argv, request) => {
    expect(await order(...argv)).toEqual({ code: 0, stderr: '', stdout: 'tor-a is disabled\n' })
    expect(controls.orders).toEqual([request])
  })

  it('names the family of a refresh', async () => {
    await order('refresh', 'tor-a', 'in', '--family', 'ipv6')
    expect(controls.orders).toMatchObject([{ action: 'refresh', family: { name: 'ipv6-unicast' } }])
  })

  it('is exit code 1 when one peer could not do it, with a line for each', async () => {
    controls.administration = {
      action: 'refresh',
      peers: [
        { name: 'tor-a', outcome: 'done', detail: 'was asked for its routes' },
        { name: 'tor-b', outcome: 'refused', detail: 'has no session' },
      ],
    }
    const stdout = 'tor-a was asked for its routes\ntor-b has no session\n'
    expect(await order('refresh', 'all')).toEqual({ code: 1, stderr: '', stdout })
  })

  it('prints the document of the API with --json', async () => {
    const { stdout } = await order('enable', 'all', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'godwit/v1', kind: 'AdministrationResult' })
  })

  it('says what is wrong with a text that is too long (row 65)', async () => {
    const { code, stderr } = await order('disable', 'tor-a', '--message', 'x'.repeat(256))
    expect([code, stderr]).toEqual([
      1,
      'godwit: the message has 256 octets in UTF-8, and a NOTIFICATION carries 255 (RFC 9003); shorten it\n',
    ])
  })

  it('wants a peer', async () => {
    expect((await order('disable')).code).toBe(2)
  })

  it('completes names of peers, and all', async () => {
    const { stdout } = await godwit(['--get-yargs-completions', 'godwit', 'disable', ''], {
      env: { GODWIT_SOCKET: socket },
    })
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['tor-a', 'all']))
  })
})
