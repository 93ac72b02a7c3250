/**
 * A node's kernel seen from this process: the agent's writes go in by a netlink socket of the node's namespace, and a
 * monitor there tells when routes come and go. No process is started for a write, so its time is the agent's own.
 *
 * The agent is a stand-in for Calico's Felix: `10.65.N.P dev caliX scope link proto boot` and the IPv6 twin, written so
 * that it overwrites whatever holds the prefix and metric (spec of Felix: it replaces atomically). Called by `kernel-cluster.ts`.
 */
import { formatAddress, formatPrefix, parsePrefix } from '../../wire/index.ts'
import {
  appendRoute,
  Op,
  Protocol,
  RecordFlag,
  RequestSocket,
  RouteMonitor,
  RouteRecords,
  Table,
} from '../kernel/index.ts'
import { interfaceIndex } from '../sys/namespace.ts'
import type { Namespaces } from './namespace.ts'
import { SPEAKER_PROTOCOL } from './speaker-config.ts'
import type { Watch } from './watch.ts'

export class KernelNode {
  readonly #name: string
  readonly #namespaces: Namespaces
  readonly #watch: Watch
  readonly #requests: RequestSocket
  readonly #monitor: RouteMonitor
  readonly #indexes = new Map<string, number>()

  /** Opens both sockets in the namespace of the node with this name. */
  constructor(name: string, namespaces: Namespaces, watch: Watch) {
    this.#name = name
    this.#namespaces = namespaces
    this.#watch = watch
    const namespace = namespaces.fullName(name)
    this.#requests = new RequestSocket(namespace)
    this.#monitor = new RouteMonitor(
      { namespace, table: Table.main },
      {
        routes: records => this.#see(records),
        links: () => {},
        addresses: () => {},
        lost: reason => {
          throw new Error(`the lab cannot keep up with the routes of ${name}: ${reason}`)
        },
      },
    )
  }

  /** Learns a device's index beforehand, so that a write needs nothing but the write. */
  linkAdded(device: string): void {
    this.#indexes.set(
      device,
      this.#namespaces.enter(this.#name, () => interfaceIndex(device)),
    )
  }

  /** Writes the agent's route; the time just before the kernel is told. */
  agentAdd(prefix: string, device: string): number {
    return this.#commit(Op.replace, prefix, device)
  }

  agentRemove(prefix: string, device: string): number {
    return this.#commit(Op.delete, prefix, device)
  }

  close(): void {
    this.#requests.close()
    this.#monitor.close()
  }

  #commit(op: number, text: string, device: string): number {
    const index = this.#indexes.get(device)
    const prefix = parsePrefix(text)
    if (index === undefined || prefix === undefined) throw new Error(`no way to write ${text} dev ${device}`)
    const records = appendRoute(new RouteRecords(1), op, {
      ...prefix,
      protocol: Protocol.boot,
      table: Table.main,
      metric: 0,
      type: 'unicast',
      interfaceIndex: index,
      isOnlink: false,
    })
    const writtenAt = performance.now()
    const reasons = this.#requests.commit(records)
    const { errno, reason } = records.seek(0)
    if (errno !== 0)
      throw new Error(`${this.#name}: the kernel refused ${text} dev ${device}: ${reasons[reason] ?? errno}`)
    return writtenAt
  }

  #see(records: RouteRecords): void {
    const atMs = performance.now()
    while (records.nextRoute()) {
      const isOwn = records.protocol === SPEAKER_PROTOCOL
      // Somebody else's route that overwrote one of the same metric: the speaker's is gone without an event of its own.
      if (!isOwn && !records.has(RecordFlag.replaced)) continue
      const { family, length } = records
      const words = [records.word(0), records.word(1), records.word(2), records.word(3)]
      const gateway = isOwn && records.op === Op.present ? formatAddress(records.gatewayView()) : undefined
      this.#watch.see({ node: this.#name, prefix: formatPrefix(family, words, length), gateway, atMs })
    }
  }
}
