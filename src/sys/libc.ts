/**
 * The C library through koffi: the one place that knows the FFI. Structures are packed by hand (host-order.ts), so a call is one crossing and koffi's
 * own structure machinery serves only the one structure with a pointer inside (a socket filter).
 *
 * Loaded on first use, never at import: a reflector that touches no kernel and sets no socket options runs without koffi. Called by the rest of sys/.
 */
import { createRequire } from 'node:module'
import { SysError } from './errno.ts'

/** The calls as C has them: negative results are errors, told by `errno()` right after. Octets are borrowed for the call. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number
  socketpair(family: number, type: number, protocol: number, descriptors: Uint8Array): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number
  /** SO_ATTACH_FILTER; `program` is an array of struct sock_filter, 8 octets an instruction. */
  attachFilter(fd: number, level: number, option: number, program: Uint8Array): number
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number
  bind(fd: number, address: Uint8Array, length: number): number
  close(fd: number): number
  dup3(from: number, to: number, flags: number): number
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number
  ifNameToIndex(name: string): number
  setns(fd: number, kind: number): number
  errno(): number
}

export type LibcResult =
  | { readonly isLoaded: true; readonly libc: Libc }
  | { readonly isLoaded: false; readonly code: SysUnavailableCode; readonly reason: string }

export type SysUnavailableCode = 'SYS_PLATFORM' | 'SYS_ARCHITECTURE' | 'SYS_NO_KOFFI'

/** Architectures with a koffi binary and with the numbers of constants.ts. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'arm', 'ia32', 'riscv64', 'ppc64', 'loong64']

/** Thrown by what cannot work without the C library. */
export class SysUnavailable extends Error {
  override readonly name = 'SysUnavailable'
  readonly code: SysUnavailableCode
  readonly hint = 'Install the optional package koffi on Linux, or switch off what needs it.'

  constructor(code: SysUnavailableCode, reason: string) {
    super(reason)
    this.code = code
  }
}

let loaded: LibcResult | undefined

/** The C library, or a sentence why there is none. Asked once, remembered. */
export function loadLibc(): LibcResult {
  loaded ??= load(process.platform, process.arch)
  return loaded
}

/** The C library, or a SysUnavailable. */
export function requireLibc(): Libc {
  const result = loadLibc()
  if (!result.isLoaded) throw new SysUnavailable(result.code, result.reason)
  return result.libc
}

/** Passes a result on, or throws the SysError of a negative one. */
export function check(libc: Libc, call: string, result: number): number {
  if (result < 0) throw new SysError(call, libc.errno())
  return result
}

/** Loads for a platform and architecture as Node names them. Exported for tests; use loadLibc. */
export function load(platform: string, architecture: string): LibcResult {
  if (platform !== 'linux') {
    return {
      isLoaded: false,
      code: 'SYS_PLATFORM',
      reason: `socket options and routes need Linux, this is ${platform}.`,
    }
  }
  if (!ARCHITECTURES.includes(architecture)) {
    return {
      isLoaded: false,
      code: 'SYS_ARCHITECTURE',
      reason: `the package koffi has no binary for the architecture ${architecture}.`,
    }
  }
  try {
    return { isLoaded: true, libc: bindCalls() }
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return { isLoaded: false, code: 'SYS_NO_KOFFI', reason: `the package koffi cannot be loaded (${why}).` }
  }
}

function bindCalls(): Libc {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
  // The process itself: its C library, glibc or musl, is already there.
  const library = koffi.load(null)
  const program = koffi.struct({ length: 'uint16_t', filter: 'const void *' })
  const size = koffi.sizeof(program)
  const setFilter = library.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(program), 'uint32_t'])
  return {
    socket: library.func('int socket(int, int, int)'),
    socketpair: library.func('int socketpair(int, int, int, void *)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    attachFilter: (fd, level, option, filter) =>
      setFilter(fd, level, option, { length: filter.length / 8, filter }, size),
    getsockname: library.func('int getsockname(int, void *, void *)'),
    bind: library.func('int bind(int, const void *, uint32_t)'),
    close: library.func('int close(int)'),
    dup3: library.func('int dup3(int, int, int)'),
    send: library.func('intptr_t send(int, const void *, size_t, int)'),
    recv: library.func('intptr_t recv(int, void *, size_t, int)'),
    ifNameToIndex: library.func('uint32_t if_nametoindex(const char *)'),
    setns: library.func('int setns(int, int)'),
    errno: () => koffi.errno(),
  }
}
