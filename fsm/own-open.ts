/**
 * Our OPEN, and the one time it goes out without capabilities: after a peer has answered it with 2/4 or 2/7, for such a
 * speaker may not know capabilities at all (RFC 5492 3).
 * Differences from the RFC: it asks for the retry after 2/4 only. INTEROP: BIRD 2 and FRR retry after 2/7 as well, since
 * there are old speakers that say so when they meet a capability they do not know.
 * Called by `peer.ts`.
 */

import type { Notification } from '../wire/errors.ts'
import { IPV4_UNICAST } from '../wire/family.ts'
import { ErrorCode, OpenSubcode } from '../wire/iana.ts'
import type { Open } from '../wire/open.ts'
import { encodeOpen } from '../wire/open.ts'
import { isCollision } from './aftermath.ts'
import type { OwnOpen } from './negotiate.ts'
import { localOpen } from './negotiate.ts'
import type { PeerFsmOptions } from './options.ts'
import type { DownReason } from './output.ts'
import type { LiveState } from './session-record.ts'

/** Which OPEN the next connection gets. */
export class OwnOpens {
  readonly #whole: OwnOpen
  /** Absent where a retry makes no sense: not wanted, or nothing would be left to talk about (RFC 4760 8). */
  readonly #bare: OwnOpen | undefined
  #next: OwnOpen

  constructor(options: PeerFsmOptions) {
    const open = localOpen(options)
    this.#whole = withBytes(open)
    const isUseful = options.families.includes(IPV4_UNICAST) && (options.requiredCapabilities ?? []).length === 0
    const mayRetry = options.retryWithoutCapabilities !== false && isUseful
    this.#bare = mayRetry ? withBytes({ ...open, capabilities: [] }) : undefined
    this.#next = this.#whole
  }

  get next(): OwnOpen {
    return this.#next
  }

  /** A connection on which `sent` had been sent is over. True: the peer refused our capabilities, and gets one try without. */
  ended(sent: OwnOpen, from: LiveState, reason: DownReason): boolean {
    if (isCollision(reason)) return false
    if (sent === this.#bare) {
      this.#next = this.#whole
      return false
    }
    const isRefused =
      from !== 'Established' && reason.kind === 'notification-received' && isRefusal(reason.notification)
    if (!isRefused || this.#bare === undefined || this.#next === this.#bare) return false
    this.#next = this.#bare
    return true
  }
}

const withBytes = (open: Open): OwnOpen => ({ open, bytes: encodeOpen(open) })

const isRefusal = ({ code, subcode }: Notification): boolean =>
  code === ErrorCode.OPEN_MESSAGE &&
  (subcode === OpenSubcode.UNSUPPORTED_PARAMETER || subcode === OpenSubcode.UNSUPPORTED_CAPABILITY)
