/**
 * Accepts connections on one address and port (RFC 4271 section 8, event 16 and 17), and hands them to the peer they come from.
 *
 * Whoever is not configured is reset before a byte is read. There is one socket per configured address; an IPv6 one takes IPv6 only, so that no
 * neighbour ever has a mapped address and a wildcard of each family can be had on the same port. Errors of binding are sentences with a code.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { loadLibc } from '../sys/libc.ts'
import { closeDescriptor } from '../sys/tcp.ts'
import { canonicalAddress } from './address.ts'
import { type Clock, systemClock } from './clock.ts'
import { NetError, type NetErrorCode } from './errors.ts'
import { FloodGuard } from './flood-guard.ts'
import { ListenDescriptor, type ListenedPeer } from './listen-descriptor.ts'
import { type NetObserver, noRefusals, type RefusalReason } from './observer.ts'
import type { StreamSocket } from './stream-socket.ts'

export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** Somebody connections may come from. A reason: it has not taken this one. */
export interface Acceptor {
  accept(socket: StreamSocket): RefusalReason | undefined
}

/** Who knows the peers. */
export interface ListenerHost {
  lookup(address: string): Acceptor | undefined
  /** Asked for every connection of somebody known: a reason when there have been too many. */
  pace?(address: string): RefusalReason | undefined
  listened?(): Iterable<ListenedPeer>
}

export interface ListenerOptions {
  readonly address: ListenAddress
  /** Finds the peer with this canonical address; lists all there are, so that the socket can be prepared for them before it listens. */
  readonly host: ListenerHost
  readonly observer: NetObserver
  readonly clock?: Clock
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

function listenError(address: ListenAddress, error: NodeJS.ErrnoException | NetError): NetError {
  const where = address.address.includes(':')
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`
  const problem = LISTEN_PROBLEMS[error.code ?? '']
  if (error instanceof NetError) return error
  if (problem !== undefined) return new NetError(problem.code, problem.sentence(where), problem.hint)
  return new NetError('listen-failed', `cannot listen on ${where}: ${error.message}`, 'Check speaker.listen.')
}

export class Listener {
  /** How many connections were turned away. */
  readonly refusals: Record<RefusalReason, number> = noRefusals()
  readonly #options: ListenerOptions
  readonly #server: Server
  /** Only while it is ours: the number may be somebody else's later. */
  #descriptor: ListenDescriptor | undefined
  #guard: FloodGuard | undefined
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
      const listening = (): void => {
        this.#server.off('error', fail)
        this.#server.on('error', error => this.#report('failed', error.message))
        const bound = this.#server.address()
        if (typeof bound === 'object' && bound !== null) this.#address = { address, port: bound.port }
        this.#report('listening')
        resolve()
      }
      try {
        this.#listen(listening)
      } catch (error) {
        fail(error as Error)
      }
    })
  }

  /** Prepares the socket for a peer, before that one dials. A NetError when the kernel will not have its key. */
  admit(peer: ListenedPeer): void {
    this.#descriptor?.admit(peer)
    this.#guard?.refresh()
  }

  /** Forgets what it was prepared for. */
  forget(peer: ListenedPeer): void {
    this.#descriptor?.forget(peer)
  }

  /** Stops accepting at once. Connections already handed over are not touched. */
  close(): void {
    if (!this.#server.listening) return
    this.#descriptor = undefined
    this.#guard?.close()
    this.#server.close()
    this.#report('closed')
  }

  /** On a descriptor with the keys of all peers where the C library is, on a socket of Node's own elsewhere. */
  #listen(listening: () => void): void {
    const { address: where, host } = this.#options
    const { address, port } = where
    if (!loadLibc().isLoaded) {
      this.#server.listen({ host: address, port, backlog: BACKLOG, ipv6Only: address.includes(':') }, listening)
      return
    }
    const descriptor = new ListenDescriptor(address, port)
    try {
      for (const peer of host.listened?.() ?? []) descriptor.admit(peer)
    } catch (error) {
      closeDescriptor(descriptor.fd)
      throw error
    }
    this.#descriptor = descriptor
    this.#guard = new FloodGuard({
      fd: descriptor.fd,
      addressOctets: descriptor.addressOctets,
      clock: this.#options.clock ?? systemClock,
      sources: () => host.listened?.() ?? [],
      dropped: count => this.#count('unknown', 'stranger', count),
    })
    // With a descriptor Node takes the backlog as an argument only.
    this.#server.listen({ fd: descriptor.fd }, BACKLOG, listening)
  }

  #accept(socket: Socket): void {
    const from = socket.remoteAddress
    if (from === undefined) {
      this.#refuse(socket, 'unknown', 'gone')
      return
    }
    const { host } = this.#options
    const address = canonicalAddress(from) ?? from
    const peer = host.lookup(address)
    const reason = peer === undefined ? 'stranger' : (host.pace?.(address) ?? peer.accept(socket))
    if (reason !== undefined) this.#refuse(socket, from, reason)
  }

  #refuse(socket: Socket, from: string, reason: RefusalReason): void {
    socket.on('error', () => {})
    socket.resetAndDestroy()
    if (reason === 'stranger') this.#guard?.stranger()
    this.#count(from, reason, 1)
  }

  #count(from: string, reason: RefusalReason, count: number): void {
    this.refusals[reason] += count
    this.#options.observer.connectionRefused(from, reason, this.refusals[reason])
  }

  #report(state: 'listening' | 'closed' | 'failed', reason?: string): void {
    this.#options.observer.listenerChanged({ ...this.#address, state, ...(reason === undefined ? {} : { reason }) })
  }
}
