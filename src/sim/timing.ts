/**
 * The times of a cluster, and the sizes of what is inside its speakers: both drawn small where a cluster is small, so that
 * timers run out and seams are met, and in proportion where it is large.
 * Called by `cluster.ts`.
 */
import type { PeerFsmOptions } from '../../fsm/index.ts'
import type { Random } from './random.ts'

export interface Timing {
  readonly fsm: Pick<PeerFsmOptions, 'holdTimeS' | 'connectRetryMs' | 'idleHoldMs' | 'largeHoldMs'>
  /** RFC 9687. */
  readonly sendHoldMs: number
  /** From the end of the last fault until everything must be in its place. */
  readonly restMs: number
  /** How long no session may have changed for the cluster to be looked at before that time. */
  readonly quietMs: number
}

export function timingOf(holdTimeS: number): Timing {
  // The hold time of a large cluster: there, somebody is always dialled in vain.
  const connectRetryMs = holdTimeS > 100 ? 30_000 : 5_000
  const largeHoldMs = 20_000
  const idleHoldMs = { first: 1_000, cap: 10_000, forget: 60_000 }
  const holdMs = holdTimeS * 1000
  // A dead connection is noticed, the next one may meet the ruins of another, and both sides have backed off.
  const restMs = 2 * holdMs + 2 * largeHoldMs + 2 * idleHoldMs.cap + 4 * connectRetryMs
  // Longer than the hold time, or a session that nothing keeps alive would still look well.
  const quietMs = Math.min(1.2 * holdMs, LONGEST_QUIET_MS)
  return { fsm: { holdTimeS, connectRetryMs, idleHoldMs, largeHoldMs }, sendHoldMs: 1.5 * holdMs, restMs, quietMs }
}

/** Keeps the rest of a cluster with long hold times short. */
const LONGEST_QUIET_MS = 30_000

/** Sizes inside the speakers of a cluster. */
export interface Scale {
  /** What stretches and logs of the table are multiplied with. */
  readonly factor: number
  /** Octets that may wait on a connection before its peer gets no more. */
  readonly waitingOctets: number
  /** Octets that a kernel takes. */
  readonly kernelOctets: number
  /** See `process.ts`. */
  readonly effort: number
  readonly turnMs: number
  /** Every UPDATE is read along with. */
  readonly isWatched: boolean
}

/** Speakers, and sessions of one, from which on a cluster is large. */
const MANY_SPEAKERS = 100
const MANY_PEERS = 24

export function drawScale(speakers: number, mostPeers: number, random: Random): Scale {
  const isLarge = speakers > MANY_SPEAKERS || mostPeers > MANY_PEERS
  const drawn = {
    factor: 1,
    waitingOctets: 1 << (10 + random.below(8)),
    kernelOctets: 1 << (10 + random.below(7)),
    effort: random.pick([0, 1 / 64, 1 / 8]),
    turnMs: 2,
    isWatched: true,
  }
  if (!isLarge) return drawn
  // A process with many peers is busy, and takes what comes in meanwhile together.
  return { factor: 64, waitingOctets: 1 << 16, kernelOctets: 1 << 16, effort: 0, turnMs: 80, isWatched: false }
}
