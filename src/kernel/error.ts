/**
 * What a person meets when the kernel side cannot work: a stable code, one sentence, the next move.
 * Any Error with `code` and `hint` is printed by `godwit run` as such; there is no stack to print because nobody here made a mistake in code.
 * Thrown by KernelPort.start, handed to KernelListener.problem.
 */

export const KernelErrorCode = {
  unavailable: 'KERNEL_UNAVAILABLE',
  permission: 'KERNEL_PERMISSION',
  namespace: 'KERNEL_NAMESPACE',
  unknownInterface: 'KERNEL_UNKNOWN_INTERFACE',
  worker: 'KERNEL_WORKER',
  system: 'KERNEL_SYSTEM',
} as const
export type KernelErrorCode = (typeof KernelErrorCode)[keyof typeof KernelErrorCode]

export class KernelError extends Error {
  override readonly name = 'KernelError'
  readonly code: KernelErrorCode
  readonly hint: string

  constructor(code: KernelErrorCode, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
    this.stack = `${this.name}: ${message}`
  }

  /** No koffi, not Linux, or an architecture koffi has no binary for; `reason` is a sentence from `src/sys`. */
  static unavailable(reason: string): KernelError {
    return new KernelError(
      KernelErrorCode.unavailable,
      `The kernel's routes cannot be reached: ${reason}`,
      'Set `kernel.backend: none` (or `memory`), or install godwit with its optional package koffi on Linux.',
    )
  }

  static permission(): KernelError {
    return new KernelError(
      KernelErrorCode.permission,
      'This process may not change routes: the kernel refused with EPERM.',
      'Give it the capability CAP_NET_ADMIN, or set `kernel.backend: none`.',
    )
  }

  static namespace(name: string, reason: string): KernelError {
    return new KernelError(
      KernelErrorCode.namespace,
      `The network namespace "${name}" cannot be entered: ${reason}.`,
      'List namespaces with `ip netns`; entering one needs CAP_SYS_ADMIN.',
    )
  }

  /** Our own worker thread died. */
  static worker(why: string): KernelError {
    return new KernelError(
      KernelErrorCode.worker,
      `The kernel worker ended: ${why}.`,
      'Another one is started by itself; if this comes again, report it.',
    )
  }

  static unknownInterface(name: string): KernelError {
    return new KernelError(
      KernelErrorCode.unknownInterface,
      `There is no network interface named "${name}".`,
      'List interfaces with `ip link`.',
    )
  }
}
