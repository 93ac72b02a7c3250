/**
 * The value of a decoder: either what was decoded, or the NOTIFICATION the peer deserves for it (house rule 2: peer
 * input never throws). Called by every cold decoder; hot ones return offsets and a possible `Notification` instead.
 */

import type { Notification } from './errors.ts'

/** A decoded value, or the error that must reset the session. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Notification }

/** Wraps a decoded value. */
export const success = <T>(value: T): Result<T> => ({ ok: true, value })

/** Wraps the NOTIFICATION that must be sent for the input. */
export const failure = (error: Notification): { readonly ok: false; readonly error: Notification } => ({
  ok: false,
  error,
})
