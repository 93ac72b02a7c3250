/**
 * What the main thread and the kernel worker say to each other. Buffers of records are transferred, never copied.
 */
import type { KernelErrorCode } from '../error.ts'
import type { AddressEvent, Dump, LinkEvent } from '../port.ts'

/** How the worker is to be set up (workerData). */
export interface WorkerSettings {
  readonly table: number
  readonly protocol: number
  readonly namespace?: string
  /** Octets of the monitor's receive buffer. */
  readonly receiveBuffer?: number
}

export type ToWorker =
  | { readonly kind: 'write'; readonly buffer: ArrayBuffer; readonly count: number }
  | { readonly kind: 'dump'; readonly protocol: number; readonly reason: string }
  | { readonly kind: 'close' }

export type FromWorker =
  /** With the descriptor that somebody else has to close when the worker dies. */
  | { readonly kind: 'started'; readonly descriptor: number }
  /** The worker could not start and is gone. */
  | { readonly kind: 'failed'; readonly code: KernelErrorCode; readonly message: string; readonly hint: string }
  | {
      readonly kind: 'written'
      readonly buffer: ArrayBuffer
      readonly count: number
      readonly reasons: readonly string[]
    }
  | { readonly kind: 'dump-started'; readonly dump: Dump }
  | { readonly kind: 'dump-finished'; readonly dump: Dump }
  | { readonly kind: 'routes'; readonly buffer: ArrayBuffer; readonly count: number; readonly readAtMs: number }
  | { readonly kind: 'links'; readonly events: readonly LinkEvent[] }
  | { readonly kind: 'addresses'; readonly events: readonly AddressEvent[] }
  | { readonly kind: 'resync'; readonly reason: string }
