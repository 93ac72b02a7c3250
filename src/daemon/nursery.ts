/**
 * V8's nursery for young objects. Left alone it grows to 16 MB while modules load, and what it has grown to it never gives back. What
 * the speaker works with lies in typed arrays outside the heap, so 1 MB will do at the start; later, with thousands of neighbours, what is
 * on its way to their sockets lives long enough to be worth room. Called by src/bin (first thing) and run.ts (once warm).
 */
import { setFlagsFromString } from 'node:v8'

export function keepNurserySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** From now on it doubles when much survives, as V8 has it. */
export function letNurseryGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
