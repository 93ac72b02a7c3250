/**
 * What sync.ts counted since start, as plain fields that metrics can read.
 */
export class KernelCounters {
  dumps = 0
  resyncs = 0
  adds = 0
  replaces = 0
  deletes = 0
  /** Wishes that were already true in the kernel: nothing written. */
  unchanged = 0
  /** Of those, routes of an earlier process taken over as they stood. */
  adopted = 0
  failures = 0
  conflicts = 0
  /** Routes put back after somebody or something removed or changed them. */
  repaired = 0
  /** Routes under our protocol number that nobody wants, removed. */
  leftoversRemoved = 0
  retries = 0
  /** Refusals by errno. */
  readonly byErrno = new Map<number, number>()
}
