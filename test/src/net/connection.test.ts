import { connect, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/net/clock.ts'
import { Connection, type ConnectionOwner, WRITE_LIMIT_OCTETS } from '../../../src/net/connection.ts'
import { ReadGate } from '../../../src/net/read-gate.ts'
import { KEEPALIVE, keepaliveMessage, message, NOTIFICATION, UPDATE, updateMessage } from '../../support/net-bytes.ts'
import { ScriptedPeer, until } from '../../support/net-scripted-peer.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const step of cleanup.splice(0)) step()
})

/** Keeps everything it is told. */
class Owner implements ConnectionOwner {
  readonly types: number[] = []
  readonly lostReasons: string[] = []
  readonly failures: [number, number][] = []
  drains = 0
  isGone = false
  onMessage: (connection: Connection, type: number) => boolean = () => true

  receive(connection: Connection, type: number): boolean {
    this.types.push(type)
    return this.onMessage(connection, type)
  }

  framingFailed(_connection: Connection, error: { readonly code: number; readonly subcode: number }): void {
    this.failures.push([error.code, error.subcode])
  }

  faulted(): void {}

  chunkRead(): void {}

  drained(): void {
    this.drains++
  }

  lost(_connection: Connection, reason: string): void {
    this.lostReasons.push(reason)
  }

  gone(): void {
    this.isGone = true
  }
}

/** A connection under test, and the scripted other end of it. */
async function pair({ allowHalfOpen = false, readSliceMs = 10 } = {}) {
  const owner = new Owner()
  const made: Connection[] = []
  const server: Server = createServer({ pauseOnConnect: true }, socket => {
    const readGate = new ReadGate(systemClock, readSliceMs)
    made.push(new Connection({ id: 1, socket, direction: 'incoming', owner, clock: systemClock, readGate }))
    cleanup.push(() => socket.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const peer = new ScriptedPeer(connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9', allowHalfOpen }))
  await until(() => made.length === 1, 'the connection')
  cleanup.push(
    () => server.close(),
    () => peer.close(),
  )
  return { owner, peer, connection: made[0] as Connection }
}

const CEASE = message(NOTIFICATION, [6, 2])

describe('Connection', () => {
  it('knows both ends', async () => {
    const { connection, peer } = await pair()
    expect(connection.endpoints).toEqual({ local: Uint8Array.of(127, 0, 0, 1), remote: Uint8Array.of(127, 0, 0, 9) })
    expect(connection.view()).toMatchObject({ direction: 'incoming', remotePort: peer.socket.localPort })
  })

  it('hands over messages in order, however they were cut', async () => {
    const { owner, peer } = await pair()
    const stream = Buffer.concat([keepaliveMessage(), updateMessage(1), keepaliveMessage()])
    for (const octet of stream) peer.socket.write(Uint8Array.of(octet))
    await until(() => owner.types.length === 3, 'three messages')
    expect(owner.types).toEqual([KEEPALIVE, UPDATE, KEEPALIVE])
  })

  it('reports a broken frame once and reads nothing after it', async () => {
    const { owner, peer } = await pair()
    peer.send(new Uint8Array(100), keepaliveMessage())
    await until(() => owner.failures.length > 0, 'a failure')
    expect(owner.failures).toEqual([[1, 1]])
    expect(owner.types).toEqual([])
  })

  it('lets the neighbour read the last message, with much of its own still unread (row 66)', async () => {
    const { owner, connection, peer } = await pair()
    owner.onMessage = () => {
      connection.send(CEASE)
      connection.close(1000)
      return false
    }
    peer.send(new Uint8Array(keepaliveMessage()), new Uint8Array(4 * 1024 * 1024))
    await until(() => peer.isClosed, 'the close')
    expect(peer.notification).toEqual([6, 2])
    expect(peer.hasEnded).toBe(true)
    expect(peer.error).toBeUndefined()
    await until(() => owner.isGone, 'the end of the socket')
    expect(owner.lostReasons).toEqual([])
  })

  it('waits for a neighbour that does not close its side only as long as it may linger', async () => {
    const { owner, connection, peer } = await pair({ allowHalfOpen: true })
    connection.send(CEASE)
    connection.close(30)
    await until(() => peer.hasEnded, 'our half of the close')
    expect(owner.isGone).toBe(false)
    await until(() => owner.isGone, 'the end of the linger')
    expect(peer.notification).toEqual([6, 2])
  })

  it('does not linger when nothing was ever said', async () => {
    const { owner, connection } = await pair({ allowHalfOpen: true })
    connection.close(60_000)
    await until(() => owner.isGone, 'the end of the socket')
    expect(owner.lostReasons).toEqual([])
  })

  it('reports that the neighbour closed, once', async () => {
    const { owner, connection, peer } = await pair()
    peer.socket.end()
    await until(() => owner.isGone, 'the end of the socket')
    expect(owner.lostReasons).toEqual(['connection closed by peer'])
    expect(connection.isOpen).toBe(false)
  })

  it('reports a reset by its name', async () => {
    const { owner, peer } = await pair()
    peer.socket.resetAndDestroy()
    await until(() => owner.isGone, 'the end of the socket')
    expect(owner.lostReasons).toEqual(['connection reset by peer (ECONNRESET)'])
  })

  it('hands over what it held back before it reports the loss', async () => {
    // No time to read at all: every chunk is held for the next turn.
    const { owner, peer } = await pair({ readSliceMs: 0 })
    peer.send(updateMessage(1), CEASE)
    peer.socket.end()
    await until(() => owner.isGone, 'the end of the socket')
    expect(owner.types).toEqual([UPDATE, NOTIFICATION])
    expect(owner.lostReasons).toHaveLength(1)
  })

  it('reads everything, in order, while every chunk is held for a turn', async () => {
    const { owner, peer } = await pair({ readSliceMs: 0 })
    const count = 20_000
    peer.send(...Array.from({ length: count }, () => keepaliveMessage()), updateMessage(1))
    await until(() => owner.types.length === count + 1, 'all messages')
    expect(owner.types.at(-1)).toBe(UPDATE)
  })

  it('is full with 256 KiB waiting, and tells when they are gone', async () => {
    const { owner, connection, peer } = await pair()
    peer.socket.pause()
    const piece = new Uint8Array(64 * 1024)
    let rounds = 0
    for (; !connection.isFull && rounds < 1000; rounds++) {
      connection.queue(piece)
      connection.flush()
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(connection.queuedOctets).toBeGreaterThanOrEqual(WRITE_LIMIT_OCTETS)
    expect(connection.hasProgressed()).toBe(true)
    expect(connection.hasProgressed()).toBe(false)
    expect(owner.drains).toBeLessThanOrEqual(rounds)
    const before = owner.drains
    peer.socket.resume()
    await until(() => owner.drains > before, 'drained')
    expect(connection.queuedOctets).toBe(0)
    expect(connection.hasProgressed()).toBe(true)
  })
})
