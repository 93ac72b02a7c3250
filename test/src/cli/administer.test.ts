import { describe, expect, it } from 'vitest'
import { sampleServer } from './sample-server.ts'
import { godwit } from './terminal.ts'

const sample = sampleServer()
const order = sample.run

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
    expect(sample.controls.orders).toEqual([request])
  })

  it('names the family of a refresh', async () => {
    await order('refresh', 'tor-a', 'in', '--family', 'ipv6')
    expect(sample.controls.orders).toMatchObject([{ action: 'refresh', family: { name: 'ipv6-unicast' } }])
  })

  it('is exit code 1 when one peer could not do it, with a line for each', async () => {
    sample.controls.administration = {
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
      env: { GODWIT_SOCKET: sample.socket },
    })
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['tor-a', 'all']))
  })
})
