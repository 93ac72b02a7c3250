/**
 * Pods that answer: one UDP socket a family inside the pod's namespace, owned by this process. A ping is a datagram to
 * another pod's socket and back, through both pods' links and both nodes' kernels. No `ping` program is needed.
 *
 * The sockets are bound synchronously while this thread is inside the namespace; a resolver that answers at once is what
 * makes `dgram` do so. Called by `kernel-cluster.ts`.
 */
import { createSocket, type Socket } from 'node:dgram'

const ECHO_PORT = 7007
const TIMEOUT_MS = 1000
const ATTEMPTS = 3
const [ASK, ANSWER] = [0, 1]

export class Echo {
  readonly #ipv4: Socket
  readonly #ipv6: Socket
  readonly #waiting = new Map<number, () => void>()
  #sequence = 0

  /** Must be called inside the pod's namespace. */
  constructor(addresses: { readonly ipv4: string; readonly ipv6: string }) {
    this.#ipv4 = this.#open('udp4', addresses.ipv4)
    this.#ipv6 = this.#open('udp6', addresses.ipv6)
  }

  /** Round trip to another pod's echo in milliseconds, or undefined when none of three attempts was answered. */
  async ping(address: string): Promise<number | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const roundTripMs = await this.#ask(address)
      if (roundTripMs !== undefined) return roundTripMs
    }
    return undefined
  }

  close(): void {
    this.#ipv4.close()
    this.#ipv6.close()
  }

  #open(type: 'udp4' | 'udp6', address: string): Socket {
    const socket = createSocket({ type, lookup: resolveAtOnce })
    socket.on('message', (message, from) => {
      const sequence = message.readUInt32BE(1)
      if (message[0] === ANSWER) this.#waiting.get(sequence)?.()
      else socket.send(frame(ANSWER, sequence), from.port, from.address)
    })
    // An unreachable pod is reported to the sender as an error of its socket: it counts as no answer.
    socket.on('error', () => {})
    socket.bind(ECHO_PORT, address)
    return socket
  }

  #ask(address: string): Promise<number | undefined> {
    const socket = address.includes(':') ? this.#ipv6 : this.#ipv4
    this.#sequence += 1
    const sequence = this.#sequence
    return new Promise(resolve => {
      const sentAt = performance.now()
      const settle = (roundTripMs: number | undefined) => {
        clearTimeout(timer)
        this.#waiting.delete(sequence)
        resolve(roundTripMs)
      }
      const timer = setTimeout(settle, TIMEOUT_MS, undefined)
      this.#waiting.set(sequence, () => settle(performance.now() - sentAt))
      socket.send(frame(ASK, sequence), ECHO_PORT, address, () => {})
    })
  }
}

function frame(kind: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = kind
  bytes.writeUInt32BE(sequence, 1)
  return bytes
}

type Resolved = (error: NodeJS.ErrnoException | null, address: string, family: number) => void

/** Addresses need no resolver. `dgram` calls it with (address, family, callback), whatever its types say. */
function resolveAtOnce(address: string, _family: unknown, done: Resolved): void {
  done(null, address, address.includes(':') ? 6 : 4)
}
