/**
 * Accepts connections on one address and port (RFC 4271 section 8, event 16 and 17), and hands them to the peer they come from.
 *
 * Whoever is not configured is reset before a byte is read. There is one socket per configured address; an IPv6 one takes IPv6 only, so that no
 * neighbour ever has a mapped address and a wildcard of each family can be had on the same port. Errors of binding are sentences with a code.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { canonicalAddress } from './address.ts'
import { NetError, type NetErrorCode } from './errors.ts'
import type { NetObserver, RefusalReason } from './observer.ts'

export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** Somebody connections may come from. False: it has too many already, and has not taken this one. */
export interface Acceptor {
  accept(socket: Socket): boolean
}

export interface ListenerOptions {
  readonly address: ListenAddress
  /** Finds the peer with this canonical address. */
  readonly host: { lookup(address: string): Acceptor | undefined }
  readonly observer: NetObserver
}

/** Connections the kernel keeps for us between two turns; a reflector's clients all come back at once. */
const BACKLOG = 4096

interface ListenProblem {
  readonly code: NetErrorCode
  readonly sentence: (where: string) => string
  readonly hint: string
}

const LISTEN_PROBLEMS: Readonly<Record<string, ListenProblem>> = {
  EADDRINUSE: {
    code: 'listen-address-in-use',
    sentence: where => `cannot listen on ${where}: another process listens there already`,
    hint: 'Stop the other BGP daemon (ss -ltnp shows it), or choose another address or port under speaker.listen.',
  },
  EACCES: {
    code: 'listen-permission-denied',
    sentence: where => `cannot listen on ${where}: not permitted`,
    hint: 'Ports below 1024 need the capability CAP_NET_BIND_SERVICE; grant it, or choose a higher port.',
  },
  EADDRNOTAVAIL: {
    code: 'listen-address-not-available',
    sentence: where => `cannot listen on ${where}: this machine does not have that address`,
    hint: 'Choose an address that "ip address" shows, or 0.0.0.0 or :: for all of them.',
  },
}

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): NetError {
  const where = address.address.includes(':')
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`
  const problem = LISTEN_PROBLEMS[error.code ?? '']
  if (problem !== undefined) return new NetError(problem.code, problem.sentence(where), problem.hint)
  return new NetError('listen-failed', `cannot listen on ${where}: ${error.message}`, 'Check speaker.listen.')
}

export class Listener {
  /** How many connections were turned away. */
  readonly refusals: Record<RefusalReason, number> = { stranger: 0, 'too-many': 0, gone: 0 }
  readonly #options: ListenerOptions
  readonly #server: Server
  #address: ListenAddress

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#address = options.address
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, socket => this.#accept(socket))
  }

  /** Where it listens; the real port once open, also when 0 was asked for. */
  get address(): ListenAddress {
    return this.#address
  }

  /** Binds and listens. Rejects with a NetError. */
  open(): Promise<void> {
    const { address, port } = this.#options.address
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        const problem = listenError(this.#options.address, error)
        this.#options.observer.listenerChanged({ address, port, state: 'failed', reason: problem.message })
        reject(problem)
      }
      this.#server.once('error', fail)
      this.#server.listen({ host: address, port, backlog: BACKLOG, ipv6Only: address.includes(':') }, () => {
        this.#server.off('error', fail)
        this.#server.on('error', error => this.#report('failed', error.message))
        const bound = this.#server.address()
        if (typeof bound === 'object' && bound !== null) this.#address = { address, port: bound.port }
        this.#report('listening')
        resolve()
      })
    })
  }

  /** Stops accepting at once. Connections already handed over are not touched. */
  close(): void {
    if (!this.#server.listening) return
    this.#server.close()
    this.#report('closed')
  }

  #accept(socket: Socket): void {
    const from = socket.remoteAddress
    if (from === undefined) {
      this.#refuse(socket, 'unknown', 'gone')
      return
    }
    const peer = this.#options.host.lookup(canonicalAddress(from) ?? from)
    if (peer === undefined) this.#refuse(socket, from, 'stranger')
    else if (!peer.accept(socket)) this.#refuse(socket, from, 'too-many')
  }

  #refuse(socket: Socket, from: string, reason: RefusalReason): void {
    socket.on('error', () => {})
    socket.resetAndDestroy()
    this.refusals[reason]++
    this.#options.observer.connectionRefused(from, reason, this.refusals[reason])
  }

  #report(state: 'listening' | 'closed' | 'failed', reason?: string): void {
    this.#options.observer.listenerChanged({ ...this.#address, state, ...(reason === undefined ? {} : { reason }) })
  }
}
