/**
 * The times of a cluster: what is configured on every speaker, and how long the cluster may take to come to rest.
 * Called by `cluster.ts`.
 */
import type { PeerFsmOptions } from '../../fsm/index.ts'

export interface Timing {
  readonly fsm: Pick<PeerFsmOptions, 'holdTimeS' | 'connectRetryMs' | 'idleHoldMs' | 'largeHoldMs'>
  /** From the end of the last fault until everything must be in its place. */
  readonly restMs: number
}

/** Hold times are short in small clusters, where they shall run out, and long where KEEPALIVEs are many. */
export function timingOf(holdTimeS: number): Timing {
  const connectRetryMs = 5_000
  const largeHoldMs = 20_000
  const idleHoldMs = { first: 1_000, cap: 10_000, forget: 60_000 }
  const holdMs = holdTimeS * 1000
  // A dead connection is noticed, the next one may meet the ruins of another, and both sides have backed off.
  const restMs = 2 * holdMs + 2 * largeHoldMs + 2 * idleHoldMs.cap + 4 * connectRetryMs
  return { fsm: { holdTimeS, connectRetryMs, idleHoldMs, largeHoldMs }, restMs }
}
