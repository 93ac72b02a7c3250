import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  listenerState,
  sessionDialFailed,
  sessionFault,
  sessionNotification,
  sessionRefused,
  sessionState,
} from '../../../src/observe/channels.ts'
import { createLogger, logChannels } from '../../../src/observe/log.ts'

let lines: Record<string, unknown>[]
let raw: string[]
let end: () => void

function open(level: Parameters<typeof createLogger>[0]) {
  const logger = createLogger(level, {
    write(line) {
      raw.push(line)
      lines.push(JSON.parse(line))
    },
  })
  end = logChannels(logger)
  return logger
}

beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  raw = []
  end = () => {}
})

afterEach(() => {
  end()
  vi.useRealTimers()
})

const REMOTE = { peer: 'tor-a', remoteAddress: '10.0.0.254' }

describe('a log line', () => {
  it('is one JSON object with the level as a word and the time in ISO 8601', () => {
    open('info').info({ event: 'started' }, 'up')
    expect(raw).toHaveLength(1)
    expect(raw[0]?.endsWith('\n')).toBe(true)
    expect(lines[0]).toMatchObject({ level: 'info', event: 'started', msg: 'up' })
    expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('never shows a password', () => {
    open('info').info({ password: 'canary', peer: { password: 'canary', deeper: { password: 'canary' } } }, 'x')
    expect(raw.join('')).not.toContain('canary')
  })

  it('is absent below the level', () => {
    open('warn').info('quiet')
    expect(lines).toEqual([])
  })
})

describe('session events', () => {
  it('name the peer and both states, and count as information when a session comes or goes', () => {
    open('info')
    sessionState.publish({ ...REMOTE, from: 'OpenConfirm', to: 'Established', cause: 'keepalive' })
    sessionState.publish({ ...REMOTE, from: 'Idle', to: 'Connect', cause: 'start' })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ event: 'session-state', peer: 'tor-a', from: 'OpenConfirm', to: 'Established' })
  })

  it('warn of a NOTIFICATION unless it is a Cease', () => {
    open('info')
    const data = new Uint8Array()
    sessionNotification.publish({ ...REMOTE, direction: 'sent', code: 4, subcode: 0, data, reason: 'hold timer' })
    sessionNotification.publish({ ...REMOTE, direction: 'received', code: 6, subcode: 2, data, reason: 'shutdown' })
    expect(lines.map(line => [line['level'], line['code']])).toEqual([
      ['warn', 4],
      ['info', 6],
    ])
  })

  it('make text from a peer harmless to a terminal', () => {
    open('info')
    const reason = 'bye\u001b[2J\u009b1m\u202e\nfake line'
    sessionNotification.publish({
      ...REMOTE,
      direction: 'received',
      code: 6,
      subcode: 2,
      data: new Uint8Array(),
      reason,
    })
    expect(raw).toHaveLength(1)
    expect(lines[0]?.['reason']).toBe('bye\\u001b[2J\\u009b1m\\u202e\\u000afake line')
  })

  it('show the stack of a fault the first time', () => {
    open('info')
    sessionFault.publish({ ...REMOTE, message: 'boom', stack: 'Error: boom\n at x', count: 1 })
    expect(lines[0]).toMatchObject({ level: 'error', event: 'session-fault', stack: 'Error: boom\n at x' })
  })

  it('tell of listeners', () => {
    open('info')
    listenerState.publish({ address: '0.0.0.0', port: 179, state: 'listening' })
    listenerState.publish({ address: '::', port: 179, state: 'failed', reason: 'EADDRINUSE' })
    expect(lines.map(line => line['level'])).toEqual(['info', 'error'])
  })

  it('are not logged after the end', () => {
    open('info')
    end()
    listenerState.publish({ address: '0.0.0.0', port: 179, state: 'listening' })
    expect(lines).toEqual([])
  })
})

describe('notifications', () => {
  const say = (subcode: number, reason: string, direction: 'sent' | 'received' = 'received') =>
    sessionNotification.publish({
      peer: 'tor-a',
      remoteAddress: '192.0.2.9',
      direction,
      code: 6,
      subcode,
      data: new Uint8Array(0),
      reason,
    })

  it('of one kind are logged at once, then once a minute with how many there were, whatever they say', () => {
    open('info')
    for (let count = 0; count < 100; count++) say(2, `words ${count}`)
    say(4, 'another kind')
    say(2, 'the other way', 'sent')
    expect(lines.map(line => line['reason'])).toEqual(['words 0', 'another kind', 'the other way'])
    vi.advanceTimersByTime(60_000)
    expect(lines.slice(3)).toMatchObject([{ reason: 'words 99', repeated: 99 }])
  })
})

describe('refused connections', () => {
  const refuse = (reason: string, count: number) =>
    sessionRefused.publish({ remoteAddress: '192.0.2.9', reason, count })

  it('are logged at once, then once a minute with how many there were', () => {
    open('info')
    for (let count = 1; count <= 500; count++) refuse('stranger', count)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ event: 'session-refused', reason: 'stranger', count: 1 })
    vi.advanceTimersByTime(60_000)
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatchObject({ count: 500, repeated: 499 })
  })

  it('are limited for each reason alone', () => {
    open('info')
    refuse('stranger', 1)
    refuse('too-many', 1)
    refuse('stranger', 2)
    expect(lines.map(line => line['reason'])).toEqual(['stranger', 'too-many'])
  })

  it('are logged at once again after a quiet minute', () => {
    open('info')
    refuse('stranger', 1)
    vi.advanceTimersByTime(60_000)
    refuse('stranger', 2)
    expect(lines.map(line => line['count'])).toEqual([1, 2])
  })

  it('are not lost when the log ends', () => {
    open('info')
    refuse('stranger', 1)
    refuse('stranger', 2)
    end()
    expect(lines[1]).toMatchObject({ count: 2, repeated: 1 })
  })
})

describe('failed dials', () => {
  it('are repeated once a minute for each peer and reason', () => {
    open('info')
    for (let at = 0; at < 12; at++) {
      sessionDialFailed.publish({ ...REMOTE, reason: 'ECONNREFUSED' })
      vi.advanceTimersByTime(5000)
    }
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatchObject({ peer: 'tor-a', repeated: 11 })
  })
})
