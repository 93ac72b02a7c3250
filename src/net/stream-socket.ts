/**
 * What the network side wants of a TCP socket: a slice of `net.Socket`, which has all of it.
 *
 * Named apart so that a driver runs on anything that behaves like a socket: Node's own in the daemon, those of a virtual network in the simulator
 * (src/sim/socket.ts). Semantics are Node's: `bytesWritten` counts what still waits, `drain` follows a write that filled the buffer, `close` is last.
 */

/** A byte stream over TCP, connected or about to be. */
export interface StreamSocket {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /** Octets accepted by `write`, those still waiting included. */
  readonly bytesWritten: number
  /** Octets that the kernel has not taken yet. */
  readonly writableLength: number
  on(event: 'connect' | 'drain' | 'end' | 'close', listener: () => void): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  removeAllListeners(event: 'connect' | 'error'): unknown
  connect(to: { readonly host: string; readonly port: number; readonly localAddress?: string }): unknown
  setNoDelay(noDelay: boolean): unknown
  pause(): unknown
  resume(): unknown
  write(bytes: Uint8Array): unknown
  cork(): void
  uncork(): void
  /** Closes our direction after what was written. */
  end(): unknown
  /** Closes both at once. */
  destroy(): unknown
}
