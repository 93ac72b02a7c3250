import { afterEach, describe, expect, it } from 'vitest'
import { channelObserver } from '../../../src/net/observer.ts'
import * as channels from '../../../src/observe/channels.ts'
import { notification } from '../../../wire/index.ts'

const leave: (() => void)[] = []
afterEach(() => {
  for (const step of leave.splice(0)) step()
})

/** Everything published on a channel from now on. */
function listen<Event extends object>(channel: channels.EventChannel<Event>): Event[] {
  const events: Event[] = []
  leave.push(channel.subscribe(event => events.push(event)))
  return events
}

const PEER = { name: 'p', remoteAddress: '192.0.2.1' }

describe('channelObserver', () => {
  it('publishes each kind of report on its own channel', () => {
    const states = listen(channels.sessionState)
    const notifications = listen(channels.sessionNotification)
    const refusals = listen(channels.sessionRefused)
    const dials = listen(channels.sessionDialFailed)
    const listeners = listen(channels.listenerState)
    channelObserver.stateChanged(PEER, { from: 'Idle', to: 'Connect', cause: 'started' })
    channelObserver.notificationSent(PEER, notification(6, 2, 'bye'))
    channelObserver.notificationReceived(PEER, notification(4, 0, 'late'))
    channelObserver.connectionRefused('192.0.2.9', 'stranger', 3)
    channelObserver.dialFailed(PEER, 'connection refused')
    channelObserver.listenerChanged({ address: '::', port: 179, state: 'listening' })
    const about = { peer: 'p', remoteAddress: '192.0.2.1' }
    expect(states).toEqual([{ ...about, from: 'Idle', to: 'Connect', cause: 'started' }])
    expect(notifications).toMatchObject([
      { ...about, direction: 'sent', code: 6, subcode: 2, reason: 'bye' },
      { ...about, direction: 'received', code: 4, subcode: 0, reason: 'late' },
    ])
    expect(refusals).toEqual([{ remoteAddress: '192.0.2.9', reason: 'stranger', count: 3 }])
    expect(dials).toEqual([{ ...about, reason: 'connection refused' }])
    expect(listeners).toEqual([{ address: '::', port: 179, state: 'listening' }])
  })

  it('gives the stack of a fault the first time only', () => {
    const faults = listen(channels.sessionFault)
    const error = new Error('boom')
    channelObserver.faulted(PEER, { error, count: 1, isFirst: true })
    channelObserver.faulted(PEER, { error, count: 2, isFirst: false })
    expect(faults.map(fault => [fault.message, fault.count, fault.stack !== undefined])).toEqual([
      ['boom', 1, true],
      ['boom', 2, false],
    ])
  })

  it('says nothing when nobody listens', () => {
    expect(() => channelObserver.dialFailed(PEER, 'connection refused')).not.toThrow()
    expect(channels.sessionDialFailed.hasSubscribers).toBe(false)
  })
})
