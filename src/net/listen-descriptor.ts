/**
 * The listening descriptor and what it has to know of peers before they dial: their MD5 keys (RFC 2385), and TTL 255 for its SYN+ACK as soon as one
 * of them uses GTSM (RFC 5082), who would drop anything less. The rest is set on accepted sockets, by transport.ts. Called by listener.ts.
 */
import { TRAFFIC_CLASS_CS6 } from '../sys/constants.ts'
import { SysError } from '../sys/errno.ts'
import { openTcp, setConnectionOptions, type TcpFamily } from '../sys/tcp.ts'
import { type Md5Key, removeMd5Key, setMd5Key } from '../sys/tcp-md5.ts'
import { addressOctets } from './address.ts'
import { NetError } from './errors.ts'
import { endpoint, MAX_TTL, type TransportOptions } from './transport.ts'

/** A peer, or a range of peers, as a listener sees it. */
export interface ListenedPeer {
  readonly name: string
  readonly remoteAddress: string
  /** Of a range, whose first address `remoteAddress` is. */
  readonly prefixLength?: number
  readonly transport: TransportOptions
}

export class ListenDescriptor {
  readonly fd: number
  readonly #family: TcpFamily

  /** Bound, not yet listening. Throws a SysError. */
  constructor(address: string, port: number) {
    this.#family = address.includes(':') ? 'ipv6' : 'ipv4'
    this.fd = openTcp({
      family: this.#family,
      local: endpoint(address, port),
      reuseAddress: true,
      saveSyn: true,
      trafficClass: TRAFFIC_CLASS_CS6,
    })
  }

  /** Of the addresses it takes connections from. */
  get addressOctets(): 4 | 16 {
    return this.#family === 'ipv4' ? 4 : 16
  }

  /** Throws a NetError when the kernel refuses the key. */
  admit(peer: ListenedPeer): void {
    const { name, transport } = peer
    const whose = this.#whose(peer)
    if (whose === undefined) return
    const { md5Key, ttlSecurityHops } = transport
    try {
      if (ttlSecurityHops !== undefined) setConnectionOptions(this.fd, this.#family, { ttl: MAX_TTL })
      if (md5Key !== undefined) setMd5Key(this.fd, { ...whose, key: md5Key() })
    } catch (error) {
      if (!(error instanceof SysError)) throw error
      const hint =
        error.code === 'ENOMEM'
          ? 'The kernel keeps no more keys on one socket: raise the sysctl net.core.optmem_max.'
          : 'Check that the kernel is built with TCP_MD5SIG.'
      throw new NetError(
        'peer-options-refused',
        `the kernel refused the password or TTL of ${name}: ${error.message}`,
        hint,
      )
    }
  }

  forget(peer: ListenedPeer): void {
    const whose = this.#whose(peer)
    if (whose !== undefined && peer.transport.md5Key !== undefined) removeMd5Key(this.fd, whose)
  }

  /** Undefined when the peer is of the other family. */
  #whose({ remoteAddress, prefixLength }: ListenedPeer): Omit<Md5Key, 'key'> | undefined {
    const address = addressOctets(remoteAddress)
    if (address?.length !== (this.#family === 'ipv4' ? 4 : 16)) return undefined
    return { address, ...(prefixLength !== undefined && { prefixLength }) }
  }
}
