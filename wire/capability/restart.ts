/**
 * Graceful restart (RFC 4724 3, with the N bit of RFC 8538 2) and its long-lived form (RFC 9494 3.1). Only read and
 * written here; which of several instances counts, and that the long-lived one needs the other, is in `offer.ts`.
 * Called through `registry.ts`.
 */

import { concatBytes, readU8, readU16, u16 } from '../bytes.ts'
import { CapabilityCode } from '../iana.ts'
import { formatFamily } from './family.ts'
import type { CapabilityRow } from './row.ts'
import { decodeItems } from './row.ts'

/** The sender keeps forwarding while it restarts, and sends End-of-RIB. Without families: only the latter. */
export interface GracefulRestartCapability {
  readonly kind: 'graceful-restart'
  /** R bit: the sender has just restarted; do not wait for its End-of-RIB before sending ours. */
  readonly isRestarting: boolean
  /** N bit: graceful restart also after a NOTIFICATION or the hold timer (RFC 8538 2). */
  readonly hasNotification: boolean
  /** How long the sender may need to come back, 0 to 4095 seconds. */
  readonly restartTimeS: number
  readonly families: readonly RestartFamily[]
}

/** One family the sender can keep. */
export interface RestartFamily {
  readonly afi: number
  readonly safi: number
  /** F bit: the forwarding state did survive the last restart. */
  readonly isForwarding: boolean
}

/** How long stale routes of the sender may be kept after the restart time. Means nothing without graceful restart. */
export interface LongLivedGracefulRestartCapability {
  readonly kind: 'long-lived-graceful-restart'
  readonly families: readonly LongLivedFamily[]
}

/** One family with its long-lived stale time, 0 to 16777215 seconds. */
export interface LongLivedFamily extends RestartFamily {
  readonly staleTimeS: number
}

/** Bits of the two octets before the families: R, N, two reserved ones, then the restart time. */
const RESTART_BIT = 0x8000
const NOTIFICATION_BIT = 0x4000
const TIME_MASK = 0x0fff
/** The F bit in the flags of a family. */
const FORWARDING_BIT = 0x80

/** The row of graceful restart. */
export const GRACEFUL_RESTART: CapabilityRow<GracefulRestartCapability> = {
  code: CapabilityCode.GRACEFUL_RESTART,
  kind: 'graceful-restart',
  onMalformed: 'refuse',
  decode: (bytes, start, end) => {
    if (end - start < 2) return undefined
    const head = readU16(bytes, start)
    const families = decodeItems(4, { start: start + 2, end }, at => decodeFamily(bytes, at))
    return (
      families && {
        kind: 'graceful-restart',
        isRestarting: (head & RESTART_BIT) !== 0,
        hasNotification: (head & NOTIFICATION_BIT) !== 0,
        restartTimeS: head & TIME_MASK,
        families,
      }
    )
  },
  encode: ({ isRestarting, hasNotification, restartTimeS, families }) => {
    const bits = (isRestarting ? RESTART_BIT : 0) | (hasNotification ? NOTIFICATION_BIT : 0)
    return concatBytes(u16(bits | Math.min(restartTimeS, TIME_MASK)), ...families.map(encodeFamily))
  },
  format: ({ isRestarting, hasNotification, restartTimeS, families }) => {
    const bits = [isRestarting ? 'restarting' : '', hasNotification ? 'notification' : ''].filter(bit => bit !== '')
    const texts = families.length === 0 ? 'End-of-RIB only' : families.map(formatRestartFamily).join(', ')
    return ['graceful-restart', `${restartTimeS} s`, ...bits, texts].join(' ')
  },
}

/** The row of long-lived graceful restart. */
export const LONG_LIVED_GRACEFUL_RESTART: CapabilityRow<LongLivedGracefulRestartCapability> = {
  code: CapabilityCode.LONG_LIVED_GRACEFUL_RESTART,
  kind: 'long-lived-graceful-restart',
  onMalformed: 'refuse',
  decode: (bytes, start, end) => {
    const families = decodeItems(7, { start, end }, at => {
      const staleTimeS = (readU8(bytes, at + 4) << 16) | readU16(bytes, at + 5)
      return { ...decodeFamily(bytes, at), staleTimeS }
    })
    return families && { kind: 'long-lived-graceful-restart', families }
  },
  encode: ({ families }) => {
    const items = families.map(family => {
      const time = Math.min(family.staleTimeS, 0xffffff)
      return concatBytes(encodeFamily(family), Uint8Array.of(time >>> 16), u16(time))
    })
    return concatBytes(...items)
  },
  format: ({ families }) => {
    const texts = families.map(family => `${formatRestartFamily(family)} ${family.staleTimeS} s`)
    return ['long-lived-graceful-restart', texts.join(', ')].join(' ').trimEnd()
  },
}

function decodeFamily(bytes: Uint8Array, at: number): RestartFamily {
  const isForwarding = (readU8(bytes, at + 3) & FORWARDING_BIT) !== 0
  return { afi: readU16(bytes, at), safi: readU8(bytes, at + 2), isForwarding }
}

const encodeFamily = ({ afi, safi, isForwarding }: RestartFamily): Uint8Array =>
  concatBytes(u16(afi), Uint8Array.of(safi, isForwarding ? FORWARDING_BIT : 0))

const formatRestartFamily = ({ afi, safi, isForwarding }: RestartFamily): string =>
  `${formatFamily(afi, safi)}${isForwarding ? ' forwarding' : ''}`
