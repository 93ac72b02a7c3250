/**
 * Network namespaces: go into a named one, do something synchronous, come back. setns(2) moves the calling thread only, and only while the function
 * runs; sockets opened inside stay in that namespace for good. Called by kernel/ (a speaker for another namespace), the lab and tests.
 */
import { closeSync, openSync } from 'node:fs'
import { CLONE_NEWNET } from './constants.ts'
import { SysError } from './errno.ts'
import { check, type Libc, requireLibc } from './libc.ts'

/** Where `ip netns` keeps its names. */
const DIRECTORY = '/run/netns'

/**
 * Runs `work` in the namespace with this name and returns its result. `work` must be synchronous: whatever it leaves to a later turn happens at home.
 * Throws SysUnavailable, an error of node:fs (ENOENT: no such namespace) or a SysError (EPERM: needs CAP_SYS_ADMIN).
 */
export function inNamespace<T>(name: string, work: () => T): T {
  const libc = requireLibc()
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    const there = openSync(`${DIRECTORY}/${name}`, 'r')
    try {
      check(libc, `setns ${name}`, libc.setns(there, CLONE_NEWNET))
    } finally {
      closeSync(there)
    }
    return runAndReturn(libc, home, work)
  } finally {
    closeSync(home)
  }
}

/** A thread that cannot come home would open every later socket in the wrong place: nothing may go on then. */
function runAndReturn<T>(libc: Libc, home: number, work: () => T): T {
  try {
    return work()
  } finally {
    if (libc.setns(home, CLONE_NEWNET) < 0) {
      const error = new SysError('setns back', libc.errno())
      process.nextTick(() => {
        throw error
      })
    }
  }
}

/** Index of an interface in the current namespace, 0 when there is none of this name. */
export function interfaceIndex(name: string): number {
  return requireLibc().ifNameToIndex(name)
}
