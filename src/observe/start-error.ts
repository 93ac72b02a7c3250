/**
 * A part that cannot start says so with this: a stable code for programs, one sentence for people, and the next move. Any Error with a string `code` and a
 * string `hint` counts as one, so parts need not know each other. Thrown by net, kernel and api while starting; printed by `godwit run`.
 */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly code: string
  readonly hint: string

  constructor(code: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.hint = hint
  }
}

/** True for anything that carries a code and a hint, whoever made it. */
export function isStartError(error: unknown): error is Error & { readonly code: string; readonly hint: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'hint' in error &&
    typeof error.hint === 'string'
  )
}
