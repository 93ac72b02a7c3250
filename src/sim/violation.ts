/**
 * A broken invariant, by name. Thrown from wherever it is noticed; ends the run.
 * Thrown or handed to `World.fail` by speakers (always), thrown by `invariant.ts` (at rest); caught by `cluster.ts`.
 */

const INVARIANTS = {
  'no-throw': 'nothing throws',
  'one-session': 'at most one session of a peer is Established',
  'no-impossible-state':
    'states follow each other as RFC 4271 8.2.2 has them, and Established comes after OpenConfirm only',
  'no-protocol-error': 'speakers of ours never find fault with each other (RFC 4271 6.1 to 6.3, 6.6)',
  'no-update-outside': 'no UPDATE is written but in Established',
  'no-bad-update': 'every UPDATE is one that the RFCs allow to this neighbour (RFC 4271 5.1, RFC 4456 8, RFC 7606)',
  'no-route-to-itself': 'no route learned from a neighbour leads back to its owner (RFC 4271 5.1.3)',
  'bounded-log': 'nobody lags further behind in a log than is allowed',
  'no-stuck-deadline': 'no deadline is missed by more than a busy turn of the loop',
  'all-established': 'at rest every configured session is up, on both ends the same connection and no other',
  'at-rest': 'at rest no table has work to do and nothing waits to be sent',
  'no-leak': 'at rest the table has no attributes of paths that are gone, and the network no connection of nobody',
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
