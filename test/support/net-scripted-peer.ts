/** The other end of a connection, played by a test: raw octets in and out, on loopback. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { keepaliveMessage, messagesIn, NOTIFICATION, openMessage, typeOf } from './net-bytes.ts'

/** Resolves once `condition` holds; rejects, naming it, after `limitMs`. */
export async function until(condition: () => boolean, what: string, limitMs = 3000): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

export class ScriptedPeer {
  readonly socket: Socket
  error: string | undefined
  /** The other side has closed its direction in order. */
  hasEnded = false
  isClosed = false
  octetsReceived = 0
  #chunks: Uint8Array[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', chunk => {
      this.#chunks.push(chunk)
      this.octetsReceived += chunk.length
    })
    socket.on('error', error => {
      this.error = 'code' in error ? String(error.code) : error.message
    })
    socket.on('end', () => {
      this.hasEnded = true
    })
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  static async connect(port: number, localAddress: string, host = '127.0.0.1'): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer(connect({ port, host, localAddress }))
    await until(() => peer.socket.readyState === 'open' || peer.isClosed, `a connection from ${localAddress}`)
    return peer
  }

  /** Everything received so far. */
  get messages(): Uint8Array[] {
    const stream = new Uint8Array(Buffer.concat(this.#chunks))
    this.#chunks = [stream]
    return messagesIn(stream)
  }

  /** Code and subcode of the NOTIFICATION received, if there is one. */
  get notification(): readonly [number, number] | undefined {
    const found = this.messages.find(bytes => typeOf(bytes) === NOTIFICATION)
    return found === undefined ? undefined : [found[19] ?? 0, found[20] ?? 0]
  }

  count(type: number): number {
    return this.messages.filter(bytes => typeOf(bytes) === type).length
  }

  send(...messages: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(messages))
  }

  /** Says its OPEN, waits for the other's, and confirms. */
  async establish(options: Parameters<typeof openMessage>[0] = {}): Promise<void> {
    this.send(openMessage(options))
    await until(() => this.messages.length >= 2, 'OPEN and KEEPALIVE')
    this.send(keepaliveMessage())
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Accepts connections and makes each a ScriptedPeer. */
export class ScriptedServer {
  readonly peers: ScriptedPeer[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, socket => this.peers.push(new ScriptedPeer(socket)))
  }

  async listen(host: string): Promise<number> {
    await new Promise<void>(resolve => this.#server.listen(0, host, resolve))
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  close(): void {
    this.#server.close()
    for (const peer of this.peers) peer.close()
  }
}
