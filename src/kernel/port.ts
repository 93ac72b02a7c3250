/**
 * The port between the speaker and a FIB: what goes down (batches of writes, requests for a dump) and what comes up (events, dumps, outcomes).
 *
 * Implementations: `rtnetlink/port.ts` (Linux, in a worker thread), `iproute/port.ts` (Linux without FFI, through the program `ip`) and `memory.ts`
 * (tests and lab); `test/src/kernel/port-cases.ts` runs the same cases against all three. Routes travel as packed records (`record.ts`) because there may be a million of them; links and addresses as plain objects.
 * Order is part of the contract:
 *   1. A write's outcome is delivered before any event of a change that happened after it.
 *   2. Between `dumpStarted` and `dumpFinished` there are neither outcomes nor events. Everything submitted before a dump is in it, unless its
 *      outcome arrives later than the dump.
 *   3. Own writes are not echoed as events. Changes made by anybody else to our routes are.
 *   4. Events tell where the table has got to. Changes that undo each other within moments may go untold.
 * Called by learn.ts and sync.ts (through `fanOut`), and by the daemon, which starts and closes it.
 */
import type { KernelError } from './error.ts'
import type { RouteRecords } from './record.ts'

export type { KernelNextHop, KernelRoute, RouteType } from './route.ts'

/** A network interface as it is now, or as it last was. */
export interface LinkEvent {
  readonly kind: 'present' | 'gone'
  readonly index: number
  readonly name: string
  /** Administratively up (IFF_UP). Only a link that is up can carry routes. */
  readonly isUp: boolean
  /** Has a carrier (IFF_RUNNING). */
  readonly isRunning: boolean
}

/** An address of an interface. Octets in network byte order, 4 or 16 of them. */
export interface AddressEvent {
  readonly kind: 'present' | 'gone'
  readonly interfaceIndex: number
  /** Our own address (IFA_LOCAL). */
  readonly address: Uint8Array
  /** The address whose `length` bits are the connected prefix: our own, or the far end of a point-to-point link (IFA_ADDRESS). */
  readonly subnet: Uint8Array
  readonly length: number
}

/** What a dump covers: the configured table, both families. */
export interface Dump {
  /** Only routes of this protocol; 0: every route, and every link and address before them. */
  readonly protocol: number
  /** Why it was taken, in words. */
  readonly reason: string
}

/** Receives everything that comes up. Records and their reader are borrowed until the call returns. */
export interface KernelListener {
  /** What follows until `dumpFinished` is the whole truth of the dump's scope. May come again before the end: the dump starts over. */
  dumpStarted(dump: Dump): void
  dumpFinished(dump: Dump): void
  links(events: readonly LinkEvent[]): void
  addresses(events: readonly AddressEvent[]): void
  /** Routes of the configured table: `present` and `gone` records (always `present` in a dump). Rewound. */
  routes(records: RouteRecords): void
  /**
   * The records of one submitted batch, in order, with `errno` filled in, and `reason` an index into `reasons` (0 is the empty text). They are the
   * submitter's again, who may fill them anew at once.
   */
  written(records: RouteRecords, reasons: readonly string[]): void
  /** Events were lost. A full dump follows by itself. */
  resync(reason: string): void
  /** The outcomes of everything submitted before will not come: what stood between us and the kernel died. A full dump follows when it is back. */
  writesLost(): void
  /** The port cannot work, or not as asked; undefined: it works again. */
  problem(error: KernelError | undefined): void
}

export interface KernelPort {
  /** Delivers a full dump and then events for ever; resolves when that first dump was delivered. Rejects with a KernelError. */
  start(listener: Partial<KernelListener>): Promise<void>
  /** Takes over a batch of `add`, `replace` and `delete` records. Its outcome arrives as `written`; its buffer is lost to the caller. */
  submit(batch: RouteRecords): void
  /** Asks for a fresh dump; `protocol` 0 means everything. Requests made while one is waiting are merged. */
  dump(protocol: number, reason: string): void
  /** Releases everything. Routes stay in place. */
  close(): Promise<void>
}

/** Calls several listeners in the given order, each with the same rewound records. */
export function fanOut(...listeners: readonly Partial<KernelListener>[]): KernelListener {
  return {
    dumpStarted: dump => listeners.forEach(listener => void listener.dumpStarted?.(dump)),
    dumpFinished: dump => listeners.forEach(listener => void listener.dumpFinished?.(dump)),
    links: events => listeners.forEach(listener => void listener.links?.(events)),
    addresses: events => listeners.forEach(listener => void listener.addresses?.(events)),
    routes: records => listeners.forEach(listener => void listener.routes?.(records.rewind())),
    written: (records, reasons) => listeners.forEach(listener => void listener.written?.(records.rewind(), reasons)),
    resync: reason => listeners.forEach(listener => void listener.resync?.(reason)),
    writesLost: () => listeners.forEach(listener => void listener.writesLost?.()),
    problem: error => listeners.forEach(listener => void listener.problem?.(error)),
  }
}
