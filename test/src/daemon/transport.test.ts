import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { type ConfigInput, configFromObject } from '../../../src/config/index.ts'
import { withPasswords } from '../../../src/daemon/password.ts'
import { transportOptions } from '../../../src/daemon/transport.ts'
import { isStartError } from '../../../src/observe/start-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'godwit-password-'))
afterAll(() => rmSync(directory, { recursive: true }))

type PeerInput = NonNullable<ConfigInput['peers']>[number]

function configured(options: Partial<PeerInput>) {
  const peer = { name: 'tor', address: '10.0.0.2', asn: 65001, ...options }
  const result = configFromObject({ speaker: { asn: 64512, routerId: '10.0.0.1' }, peers: [peer] })
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const [built] = result.config.peers
  if (built === undefined) throw new Error('expected a peer')
  return { config: result.config, peer: built }
}

function keyFrom(content: string | Uint8Array): string | undefined {
  const passwordFile = join(directory, 'tor')
  writeFileSync(passwordFile, content)
  const [peer] = withPasswords(configured({ passwordFile }).config).peers
  const key = peer === undefined ? undefined : transportOptions(peer).md5Key?.()
  return key === undefined ? undefined : Buffer.from(key).toString('latin1')
}

function refusal(passwordFile: string) {
  try {
    withPasswords(configured({ passwordFile }).config)
  } catch (error) {
    if (isStartError(error)) return { code: error.code, message: error.message }
  }
  return undefined
}

describe('a password file', () => {
  it.each([
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' s3 cret ', ' s3 cret '],
    [new Uint8Array([0xff, 0, 0x0a]), '\xff\0'],
    [`${'x'.repeat(80)}\n`, 'x'.repeat(80)],
  ])('%j gives the key %j', (content, key) => {
    expect(keyFrom(content)).toBe(key)
  })

  it.each([
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['s3cret'.repeat(14), 'has 84 octets'],
  ])('%j is refused, and not shown', (content, why) => {
    const path = join(directory, 'bad')
    writeFileSync(path, content)
    const message = `the password file of peer tor, ${path}, ${why}`
    expect(refusal(path)).toEqual({ code: 'password-file-unusable', message })
  })

  it('that is not there, is a directory or far too large is refused with the reason', () => {
    const large = join(directory, 'large')
    writeFileSync(large, 'x'.repeat(5000))
    expect(refusal(join(directory, 'none'))?.message).toContain('cannot be read: ENOENT')
    expect(refusal(directory)?.message).toContain('cannot be read: it is not a file')
    expect(refusal(large)).toMatchObject({
      code: 'password-file-unreadable',
      message: expect.stringContaining('it has 5000 octets'),
    })
  })
})

describe('options of a peer', () => {
  it('become those of its sockets, multihop as the TTL it is', () => {
    expect(transportOptions(configured({}).peer)).toEqual({})
    expect(transportOptions(configured({ ttlSecurity: 2, device: 'eth0' }).peer)).toEqual({
      ttlSecurityHops: 2,
      device: 'eth0',
    })
    expect(transportOptions(configured({ multihop: 3 }).peer)).toEqual({ ttl: 3 })
  })

  it('do not show the password, however the configuration is printed', () => {
    const { config, peer } = configured({ password: 's3cret' })
    const shown = [JSON.stringify(config), inspect(config, { depth: null, showHidden: true }), `${peer.password}`]
    const octets = Buffer.from('s3cret').join(',')
    for (const text of [...shown, inspect(transportOptions(peer), { depth: null })]) {
      expect(text).not.toContain('s3cret')
      expect(text.replace(/\s/g, '')).not.toContain(octets)
    }
  })
})
