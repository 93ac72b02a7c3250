/**
 * What was wrong, with the paragraph that says so. Attributes bring their paragraph along (`AttributeProblem.rfc`); for the
 * NOTIFICATION a whole message deserves, the table here knows where its code and subcode are defined.
 * Called by `describe.ts`.
 */

import { type AttributeProblem, describeNotification, type Notification } from '../../wire/index.ts'

/** One complaint, for people and programs. */
export interface Complaint {
  /** What a speaker does about it (RFC 7606 2). */
  readonly action: 'discard' | 'withdraw' | 'reset'
  readonly reason: string
  readonly rfc: string
  /** The NOTIFICATION to send, "3/1"; only with `reset`. */
  readonly notification?: string
  /** Type code of the attribute at fault; 0 for the block. */
  readonly attribute?: number
}

const SECTIONS: Record<string, string> = {
  '1': 'RFC 4271 6.1',
  '2': 'RFC 4271 6.2',
  '2/0': 'RFC 5492 4',
  '2/3': 'RFC 6286 2.1',
  '2/11': 'RFC 9234 4.2',
  '3': 'RFC 4271 6.3',
  '3/1': 'RFC 7606 3',
  '3/9': 'RFC 7606 7.11',
  '3/10': 'RFC 7606 5.3',
  '7': 'RFC 7313 5',
}

/** The error that ends the session. */
export function complaintOf(error: Notification): Complaint {
  const { code, subcode, reason } = error
  const number = `${code}/${subcode}`
  const rfc = SECTIONS[number] ?? SECTIONS[`${code}`] ?? 'RFC 4271 6'
  return { action: 'reset', reason, rfc, notification: number }
}

/** A fault of one attribute; `error` is what the whole message came to, if it ends the session. */
export function attributeComplaint({ action, reason, rfc, code }: AttributeProblem, error?: Notification): Complaint {
  const number = action === 'reset' && error !== undefined ? { notification: `${error.code}/${error.subcode}` } : {}
  return { action, reason, rfc, attribute: code, ...number }
}

const ACTIONS = { discard: 'attribute discarded', withdraw: 'treated as withdrawn', reset: 'session reset' } as const

/** "treated as withdrawn: ORIGIN is missing (RFC 7606 3 d)". */
export function formatComplaint({ action, reason, rfc, notification }: Complaint): string {
  if (notification === undefined) return `${ACTIONS[action]}: ${reason} (${rfc})`
  const [code, subcode] = notification.split('/').map(Number)
  return `${ACTIONS[action]}, ${notification} ${describeNotification(code ?? 0, subcode ?? 0)}: ${reason} (${rfc})`
}
