/**
 * Reading a large burst past Node's streams.
 *
 * A stream makes an array for every 64 KiB that it reads. A neighbour that brings its table fills hundreds of them, faster than they
 * are given back, and each is memory that nobody has touched before; reading into one array for all takes that away. A socket
 * without a descriptor (the simulator's) is left to its stream. What goes wrong is left to the stream, too, which meets it next.
 * Called by connection.ts.
 */
import { readSync } from 'node:fs'
import { descriptorOf } from '../sys/tcp.ts'
import type { StreamSocket } from './stream-socket.ts'

/** What a stream reads at once; less means that nothing more is there. */
const CHUNK_OCTETS = 65536

/** Of everybody: whoever is given it is done with it before the next read. A Buffer as streams make them: to V8 other arrays are other objects. */
const shared: Uint8Array = Buffer.allocUnsafeSlow(CHUNK_OCTETS)

/** What has arrived after `chunk`, borrowed until the next call; undefined when nothing is known to have, or it must be waited for. */
export function readAfter(socket: StreamSocket, chunk: Uint8Array): Uint8Array | undefined {
  if (chunk.length < CHUNK_OCTETS || socket.readableLength !== 0) return undefined
  const descriptor = descriptorOf(socket)
  if (descriptor === undefined) return undefined
  try {
    const octets = readSync(descriptor, shared)
    return octets === 0 ? undefined : octets === CHUNK_OCTETS ? shared : shared.subarray(0, octets)
  } catch {
    return undefined
  }
}
