import { describe, expect, it } from 'vitest'
import type { Direction, PeerFsmOptions } from '../../fsm/index.ts'
import { winningDirection } from '../../fsm/index.ts'
import type { Open } from '../../wire/index.ts'
import { Bench, id, keepalive, notify, openMessage, peerOpen } from '../support/fsm-peer.ts'

/** Ours is 10.0.0.1; connection 1 is ours, connection 2 the peer's. Both are up, neither has had an OPEN. */
const twoConnections = (changes = {}): Bench => {
  const bench = new Bench(changes).toOpenSent(1, 'outgoing')
  bench.connected(2, 'incoming')
  return bench
}

const HIGHER: Partial<Open> = { routerId: id('10.0.0.2') }
const LOWER: Partial<Open> = { routerId: id('9.255.255.255') }

describe('the tie-break', () => {
  it.each<[string, string, number, string, number, Direction]>([
    ['keeps ours when our identifier is higher', '10.0.0.2', 1, '10.0.0.1', 2, 'outgoing'],
    ['keeps theirs when theirs is higher', '10.0.0.1', 2, '10.0.0.2', 1, 'incoming'],
    ['compares as unsigned: 200.0.0.1 beats 10.0.0.1 (row 36)', '10.0.0.1', 1, '200.0.0.1', 2, 'incoming'],
    [
      'compares as unsigned: 200.0.0.1 beats 10.0.0.1, seen from there (row 36)',
      '200.0.0.1',
      2,
      '10.0.0.1',
      1,
      'outgoing',
    ],
    [
      'compares as unsigned: 255.255.255.255 beats 127.255.255.255',
      '255.255.255.255',
      1,
      '127.255.255.255',
      2,
      'outgoing',
    ],
    ['takes the larger AS among equals: ours (row 37)', '10.0.0.1', 65002, '10.0.0.1', 65001, 'outgoing'],
    ['takes the larger AS among equals: theirs (row 37)', '10.0.0.1', 65001, '10.0.0.1', 65002, 'incoming'],
    ['compares AS numbers as unsigned, too', '10.0.0.1', 4_200_000_001, '10.0.0.1', 65002, 'outgoing'],
  ])('%s', (_name, ourId, ourAsn, theirId, theirAsn, winner) => {
    const ours = { routerId: id(ourId), asn: ourAsn }
    const theirs = { routerId: id(theirId), asn: theirAsn }
    expect(winningDirection(ours, theirs)).toBe(winner)
  })

  it('does not mind identifiers that were stored as signed numbers', () => {
    const ours = { routerId: id('200.0.0.1') | 0, asn: 1 }
    expect(winningDirection(ours, { routerId: id('10.0.0.1'), asn: 2 })).toBe('outgoing')
  })
})

describe('two connections that both reach OpenConfirm (row 35)', () => {
  it('keep the one of the peer when its identifier is higher; ours gets 6/7', () => {
    const bench = twoConnections()
    bench.message(1, openMessage(HIGHER))
    expect(bench.message(2, openMessage(HIGHER))).toEqual(['send 2 keepalive', 'send 1 notification 6/7', 'close 1'])
    expect(bench.message(2, keepalive)).toEqual(['established 2', 'OpenConfirm -> Established'])
  })

  it('keep ours when our identifier is higher; that of the peer gets 6/7', () => {
    const bench = twoConnections()
    bench.message(1, openMessage(LOWER))
    expect(bench.message(2, openMessage(LOWER))).toEqual(['send 2 notification 6/7', 'close 2'])
    expect(bench.message(1, keepalive)).toEqual(['established 1', 'OpenConfirm -> Established'])
  })

  it('keep ours when our identifier is higher, though the OPEN on it comes last', () => {
    const bench = twoConnections()
    bench.message(2, openMessage(LOWER))
    expect(bench.message(1, openMessage(LOWER))).toEqual(['send 1 keepalive', 'send 2 notification 6/7', 'close 2'])
  })

  it('keep that of the larger AS when identifiers are equal on eBGP (row 37)', () => {
    const bench = twoConnections()
    bench.message(1, openMessage({ routerId: id('10.0.0.1') }))
    expect(bench.message(2, openMessage({ routerId: id('10.0.0.1') }))).toContain('send 1 notification 6/7')
  })

  it('count as one collision, and neither as an error nor for ConnectRetryCounter', () => {
    const bench = twoConnections()
    bench.message(1, openMessage(HIGHER))
    bench.message(2, openMessage(HIGHER))
    expect(bench.peer.counters.collisions).toBe(1)
    expect(bench.peer.connectRetryCounter).toBe(0)
    expect(bench.peer.lastError).toBeUndefined()
  })

  it('leave the other alone when the peer closes the loser first', () => {
    const bench = twoConnections()
    bench.message(2, openMessage(HIGHER))
    expect(bench.message(1, notify(6, 7))).toEqual(['close 1'])
    expect(bench.message(2, keepalive)).toEqual(['established 2', 'OpenConfirm -> Established'])
  })
})

describe('a would-be winner that has not sent its OPEN (row 41)', () => {
  /** Both up at once; the OPEN comes on ours, and that of the peer would win. */
  const waiting = (changes: Partial<PeerFsmOptions> = {}): Bench => {
    const bench = twoConnections(changes)
    expect(bench.message(1, openMessage(HIGHER))).toEqual(['OpenSent -> OpenConfirm'])
    return bench
  }

  it('does not kill the live connection, whose KEEPALIVE only waits a second for it', () => {
    const bench = waiting()
    expect(bench.message(1, keepalive)).toEqual([])
    expect(bench.elapse(999)).toEqual([])
    expect(bench.elapse(1)).toEqual(['send 1 keepalive', 'established 1', 'OpenConfirm -> Established'])
    expect(bench.peer.sessions.map(({ state }) => state)).toEqual(['Established', 'OpenSent'])
  })

  it('is not waited for when it has had its second already', () => {
    const bench = twoConnections()
    bench.wait(1000)
    expect(bench.message(1, openMessage(HIGHER))).toEqual(['send 1 keepalive', 'OpenSent -> OpenConfirm'])
    expect(bench.message(1, keepalive)).toEqual(['established 1', 'OpenConfirm -> Established'])
  })

  it('wins when its OPEN comes in time, though the peer has confirmed the other', () => {
    const bench = waiting()
    bench.message(1, keepalive)
    expect(bench.message(2, openMessage(HIGHER))).toEqual(['send 2 keepalive', 'send 1 notification 6/7', 'close 1'])
  })

  it('frees the live connection at once when it goes away', () => {
    const bench = waiting()
    expect(bench.closed(2)).toEqual(['send 1 keepalive'])
    expect(bench.message(1, keepalive)).toEqual(['established 1', 'OpenConfirm -> Established'])
  })

  it('is judged when its OPEN comes at last: too late, once the other is Established', () => {
    const bench = waiting()
    bench.message(1, keepalive)
    bench.elapse(1000)
    expect(bench.message(2, openMessage(HIGHER))).toEqual(['send 2 notification 6/7', 'close 2'])
    expect(bench.peer.state).toBe('Established')
  })

  it('is not killed either, and goes when its time for an OPEN is over', () => {
    const bench = waiting({ holdTimeS: 0 })
    bench.message(1, keepalive)
    bench.elapse(1000)
    expect(bench.elapse(10_000)).toEqual(['send 2 notification 4/0', 'close 2'])
    expect(bench.peer.state).toBe('Established')
  })

  it('of our own is not waited for when it would lose', () => {
    const bench = twoConnections()
    expect(bench.message(2, openMessage(HIGHER))).toEqual(['send 2 keepalive', 'OpenSent -> OpenConfirm'])
  })
})

describe('a peer that keeps routes over a restart (row 39)', () => {
  const restarting = {
    capabilities: [
      ...peerOpen().capabilities,
      { kind: 'graceful-restart', isRestarting: false, hasNotification: false, restartTimeS: 120, families: [] },
    ],
  } satisfies Partial<Open>

  it('takes the place of its dead self: the old connection closes without a word, the new one goes on', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', restarting)
    bench.wait(1001).connected(2, 'incoming')
    expect(bench.message(2, openMessage(restarting))).toEqual([
      'down 1 closed-silently',
      'close 1',
      'send 2 keepalive',
      'Established -> OpenConfirm',
    ])
    expect(bench.message(2, keepalive)).toEqual(['established 2', 'OpenConfirm -> Established'])
  })

  it('is not dead before it has said who it is: a connection alone changes nothing', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', restarting)
    bench.wait(1001).connected(2, 'incoming')
    expect(bench.message(2, openMessage({ ...restarting, holdTimeS: 1 }))).toEqual([
      'send 2 notification 2/6',
      'close 2',
    ])
    expect(bench.peer.established?.connection).toBe(1)
  })

  it('does not count as restarted when it only lost a simultaneous start (F40)', () => {
    const bench = twoConnections()
    bench.wait(1000)
    bench.message(1, openMessage({ ...restarting, ...HIGHER }))
    bench.message(1, keepalive)
    expect(bench.message(2, openMessage({ ...restarting, ...HIGHER }))).toEqual(['send 2 notification 6/7', 'close 2'])
  })
})

describe('an Established session', () => {
  it.each([
    ['higher', HIGHER],
    ['lower', LOWER],
  ])('wins over a new connection of a peer with a %s identifier: 6/7 on the new one (row 38)', (_name, open) => {
    for (const direction of ['outgoing', 'incoming'] as const) {
      const bench = new Bench().toEstablished(1, direction, open)
      expect(bench.connected(2, 'incoming')).toEqual(['send 2 open'])
      expect(bench.message(2, openMessage(open))).toEqual(['send 2 notification 6/7', 'close 2'])
      expect(bench.peer.established?.connection).toBe(1)
    }
  })

  it('that goes down leaves the second connection to carry on', () => {
    const bench = new Bench().toEstablished(1, 'outgoing', HIGHER)
    bench.connected(2, 'incoming')
    expect(bench.closed(1)).toEqual(['down 1 connection-lost', 'Established -> OpenSent'])
    bench.message(2, openMessage(HIGHER))
    expect(bench.message(2, keepalive)).toEqual(['established 2', 'OpenConfirm -> Established'])
  })
})

describe('more connections than two', () => {
  it('a third takes the place of a silent one of the peer, which has dialled again and so given that up', () => {
    const bench = twoConnections()
    expect(bench.connected(3, 'incoming')).toEqual(['send 3 open', 'send 2 notification 6/7', 'close 2'])
    expect(bench.peer.sessions.map(({ connection }) => connection)).toEqual([1, 3])
  })

  it('a third is turned away with 6/7 when the others are in earnest', () => {
    const bench = twoConnections()
    bench.message(2, openMessage(HIGHER))
    expect(bench.connected(3, 'incoming')).toEqual(['send 3 notification 6/7', 'close 3'])
  })

  it('our own dial takes the place of the older of two silent ones of the peer', () => {
    const bench = new Bench()
    bench.start()
    bench.connected(1, 'incoming')
    bench.connected(2, 'incoming')
    expect(bench.connected(3, 'outgoing')).toEqual(['send 3 open', 'send 1 notification 6/7', 'close 1'])
  })

  it('of two the peer has opened, the newer stays when both are confirmed', () => {
    const bench = new Bench({ passive: true }).toOpenConfirm(1, 'incoming')
    bench.connected(2, 'incoming')
    expect(bench.message(2, openMessage())).toEqual(['send 2 keepalive', 'send 1 notification 6/7', 'close 1'])
  })
})

describe('both connections lost to the race of two resolutions', () => {
  it('6/7 on an Established session: Idle for the first idle-hold time, without damping', () => {
    const bench = new Bench({ random: () => 1 }).toEstablished()
    expect(bench.message(1, notify(6, 7))).toEqual(['down 1 notification-received', 'close 1', 'Established -> Idle'])
    expect(bench.until('idle-hold')).toBe(5000)
    bench.elapse(5000)
    bench.toEstablished(2).closed(2)
    expect(bench.until('idle-hold')).toBe(5000)
  })
})
