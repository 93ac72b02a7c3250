/**
 * Errors of system calls as values with a name. Called by everything in sys/; kernel/ uses the texts for refused routes.
 */
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'

const NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]))

/** "ENETUNREACH"; "E133" for a number this platform has no name for. `errno` is positive. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`
}

/** "network is unreachable"; the name where there are no words. */
export function errnoText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? errnoName(errno)
}

/** A system call said no. `code` is its name as Node has it ("EPERM"), `errno` the positive number, `call` what was tried. */
export class SysError extends Error {
  override readonly name = 'SysError'
  readonly code: string
  readonly errno: number
  readonly call: string

  constructor(call: string, errno: number) {
    super(`${call}: ${errnoText(errno)} (${errnoName(errno)})`)
    this.code = errnoName(errno)
    this.errno = errno
    this.call = call
  }
}

/** True for a SysError with one of these codes. */
export function isSysError(error: unknown, ...codes: readonly string[]): error is SysError {
  return error instanceof SysError && (codes.length === 0 || codes.includes(error.code))
}
