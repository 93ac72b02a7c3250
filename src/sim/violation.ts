/**
 * A broken invariant, by name. Thrown from wherever it is noticed; ends the run.
 * Called by speakers (always) and `invariant.ts` (at rest); caught by `simulation.ts`.
 */

const INVARIANTS = {
  'no-throw': 'nothing throws',
  'one-session': 'at most one session of a peer is Established',
  'no-protocol-error': 'speakers of ours never find fault with each other (RFC 4271 6.1 to 6.3, 6.6)',
  'no-update-outside': 'nothing is sent on a connection that is not Established but by the machine',
  'no-stuck-deadline': 'a deadline that has passed is not a deadline any more, and is never missed',
  'all-established': 'at rest every configured session is up, on both ends the same connection and no other',
  'at-rest': 'at rest no table has work to do and nothing waits to be sent',
  'same-routes': 'at rest every table has the routes that the originated ones ask for, and no other',
  'right-next-hop': 'at rest every route has the next hop and the AS_PATH that its origin asks for',
  'no-loop': 'no route has passed here before (RFC 4271 9.1.2, RFC 4456 8)',
  'nothing-stale': 'no path is kept of a session that is over, or that its neighbour does not tell',
  'nothing-lost': 'every path that a neighbour has to tell is there',
} as const
export type Invariant = keyof typeof INVARIANTS

export class Violation extends Error {
  readonly invariant: Invariant

  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail} (${INVARIANTS[invariant]})`)
    this.invariant = invariant
  }
}
