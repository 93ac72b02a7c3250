import { channel } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { EventChannel, sessionState } from '../../../src/observe/channels.ts'

describe('EventChannel', () => {
  it('has no subscribers until somebody subscribes, and none after they left', () => {
    const events = new EventChannel<{ readonly n: number }>('godwit:test:events')
    expect(events.hasSubscribers).toBe(false)
    const seen: number[] = []
    const leave = events.subscribe(event => seen.push(event.n))
    expect(events.hasSubscribers).toBe(true)
    events.publish({ n: 1 })
    leave()
    events.publish({ n: 2 })
    expect(seen).toEqual([1])
    expect(events.hasSubscribers).toBe(false)
  })

  it('can be subscribed to by name, without this module', () => {
    const seen: unknown[] = []
    const listen = (event: unknown): void => void seen.push(event)
    channel('godwit:session:state').subscribe(listen)
    const event = { peer: 'p', remoteAddress: '192.0.2.1', from: 'Idle', to: 'Connect', cause: 'started' }
    sessionState.publish(event)
    channel('godwit:session:state').unsubscribe(listen)
    expect(seen).toEqual([event])
  })
})
