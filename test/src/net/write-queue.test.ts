import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WriteQueue } from '../../../src/net/write-queue.ts'
import { until } from '../../support/net-scripted-peer.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const step of cleanup.splice(0)) step()
})

/** Two ends of a connection; the far one does not read before it is told to. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const ends: Socket[] = []
  const server = createServer({ pauseOnConnect: true }, socket => ends.push(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const near = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  await until(() => ends.length === 1 && near.readyState === 'open', 'the connection')
  const far = ends[0] as Socket
  cleanup.push(
    () => near.destroy(),
    () => far.destroy(),
    () => server.close(),
  )
  return { near, far }
}

const numbered = (from: number, octets: number) => Uint8Array.from({ length: octets }, (_, i) => (from + i) % 251)

describe('WriteQueue', () => {
  it('hands gathered pieces to the kernel past the stream', async () => {
    const { near, far } = await pair()
    const queue = new WriteQueue(near)
    queue.queue(numbered(0, 10))
    queue.queue(numbered(10, 5))
    expect(queue.queuedOctets).toBe(15)
    queue.flush()
    expect({ queued: queue.queuedOctets, sent: queue.octetsSent, stream: near.bytesWritten }).toEqual({
      queued: 0,
      sent: 15,
      stream: 0,
    })
    const chunk = await new Promise<Uint8Array>(resolve => far.once('data', resolve).resume())
    expect([...chunk]).toEqual([...numbered(0, 15)])
  })

  it('keeps the order of octets when the kernel takes a part only, and counts all of them', async () => {
    const { near, far } = await pair()
    const queue = new WriteQueue(near)
    const piece = 100_003
    const pieces = 120
    for (let n = 0; n < pieces; n++) {
      queue.queue(numbered(n * piece, piece))
      if (n % 3 === 0) queue.flush()
    }
    queue.flush()
    expect(queue.queuedOctets).toBeGreaterThan(0)
    expect(queue.octetsSent).toBe(piece * pieces)
    let received = 0
    let wrong = 0
    far.on('data', (chunk: Uint8Array) => {
      for (const octet of chunk) if (octet !== received++ % 251) wrong++
    })
    far.resume()
    await until(() => received === piece * pieces, 'all octets')
    expect({ wrong, queued: queue.queuedOctets, progress: queue.hasProgressed() }).toEqual({
      wrong: 0,
      queued: 0,
      progress: true,
    })
    expect(queue.hasProgressed()).toBe(false)
  })

  it('leaves a broken connection to the events of the stream', async () => {
    const { near, far } = await pair()
    let isGone = false
    near.on('error', () => {})
    near.on('close', () => {
      isGone = true
    })
    far.resetAndDestroy()
    const queue = new WriteQueue(near)
    await until(() => {
      queue.queue(numbered(0, 10))
      queue.flush()
      return isGone
    }, 'the end')
    queue.queue(numbered(0, 10))
    expect(() => queue.flush()).not.toThrow()
  })
})
