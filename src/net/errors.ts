/** Errors of the network side that are meant for people: a stable code, one clear sentence, and the next move. */

export type NetErrorCode =
  | 'listen-address-in-use'
  | 'listen-permission-denied'
  | 'listen-address-not-available'
  | 'listen-failed'
  | 'peer-address-invalid'
  | 'peer-duplicate-name'
  | 'peer-duplicate-address'
  | 'peer-unknown'
  | 'peer-options-refused'
  | 'transport-unavailable'

export class NetError extends Error {
  readonly code: NetErrorCode
  /** What the reader can do about it. */
  readonly hint: string

  constructor(code: NetErrorCode, message: string, hint: string) {
    super(message)
    this.name = 'NetError'
    this.code = code
    this.hint = hint
  }
}
