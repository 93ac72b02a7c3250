import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { godwit } from './terminal.ts'

const ROOT = new URL('../../../', import.meta.url).pathname
const KEEPALIVE = `${'ff'.repeat(16)}001304`
const MRT = `${ROOT}fixtures/mrt/bird6-mrtdump_rib`

describe('godwit decode', () => {
  it('reads messages in hex', async () => {
    expect(await godwit(['decode', KEEPALIVE])).toEqual({
      code: 0,
      stdout: 'argument 1: KEEPALIVE, 19 octets\n',
      stderr: '',
    })
  })

  it('ends with 1 when something was malformed', async () => {
    const { code, stdout } = await godwit(['decode', `${KEEPALIVE.slice(0, -1)}g`])
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'argument 1, digit 38: "g" is no hex digit\n' })
  })

  it.each([
    [['--json', '--mrt-text', MRT], '--json and --mrt-text are two answers'],
    [['--attributes', '--nlri', 'ipv4', '00'], '--attributes and --nlri are two kinds of hex'],
    [['--add-path=ipv5', '00'], '--add-path ipv5 is no family'],
    [['--peer', 'friend', '00'], 'invalid values'],
  ])('ends with 2 for %j', async (argv, expected) => {
    const { code, stderr } = await godwit(['decode', ...argv])
    expect(code).toBe(2)
    expect(stderr).toContain(expected)
  })

  it('ends with 1 when a file cannot be read', async () => {
    const { code, stderr } = await godwit(['decode', '/nowhere/file'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^godwit: \/nowhere\/file cannot be read: .*; .*\n$/)
  })

  it('tells an MRT file by its content', async () => {
    const { code, stdout } = await godwit(['decode', MRT])
    expect(code).toBe(0)
    expect(stdout).toContain('TABLE_DUMP_V2 PEER_INDEX_TABLE: collector 192.168.0.16, view "master", 2 peers\n')
  })

  it('prints one JSON object a line', async () => {
    const { stdout } = await godwit(['decode', '--json', '--mrt', MRT])
    const lines = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.map(({ kind }) => kind).slice(0, 3)).toEqual(['PeerIndex', 'Rib', 'Rib'])
    expect(lines.every(({ schema }) => schema === 'godwit/v1')).toBe(true)
  })

  it('prints lines of bgpdump', async () => {
    const { stdout } = await godwit(['decode', '--mrt-text', MRT])
    expect(stdout.split('\n', 1)).toEqual(['TABLE_DUMP2|1486801684|B|::|0|::/0||INCOMPLETE|255.255.255.255|0|0||NAG||'])
  })

  it('reads standard input when nothing is named', () => {
    const argv = ['--import', 'tsx', 'src/bin/godwit.ts', 'decode']
    const { status, stdout } = spawnSync(process.execPath, argv, {
      cwd: ROOT,
      encoding: 'utf8',
      input: `${KEEPALIVE}\n`,
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'standard input: KEEPALIVE, 19 octets\n' })
  })
})
