/**
 * Sees BGP routes come and go in the nodes' tables and answers "when did it get there?".
 *
 * Fed with sightings from one process, so that all times share one clock: by netlink monitors opened in every node's
 * namespace (`kernel-node.ts`) or by the memory tables (`memory-cluster.ts`). Times are monotonic milliseconds of
 * `performance.now()`, taken when the event is read, so whatever delays this process counts against the speaker.
 */
export interface Sighting {
  readonly node: string
  readonly prefix: string
  /** Where the route points now; undefined when it is gone. */
  readonly gateway: string | undefined
  readonly atMs: number
}

interface Waiter {
  readonly gateway: string | undefined
  resolve(atMs: number | undefined): void
}

export class Watch {
  readonly #latest = new Map<string, Sighting>()
  readonly #departures = new Map<string, number>()
  readonly #waiters = new Map<string, Set<Waiter>>()

  see(sighting: Sighting): void {
    const key = keyOf(sighting.node, sighting.prefix)
    if (sighting.gateway === undefined && this.#latest.get(key)?.gateway !== undefined) {
      this.#departures.set(sighting.node, this.departuresFrom(sighting.node) + 1)
    }
    this.#latest.set(key, sighting)
    for (const waiter of this.#waiters.get(key) ?? []) {
      if (waiter.gateway === sighting.gateway) waiter.resolve(sighting.atMs)
    }
  }

  /** Routes that disappeared from a node's table so far, replacements not counted. */
  departuresFrom(node: string): number {
    return this.#departures.get(node) ?? 0
  }

  /**
   * Resolves with the time at which the node's BGP route for the prefix began to point at `gateway` (undefined: was gone),
   * at once when it already does, and with undefined when that did not happen within the time allowed.
   */
  until(node: string, prefix: string, gateway: string | undefined, timeoutMs: number): Promise<number | undefined> {
    const key = keyOf(node, prefix)
    const latest = this.#latest.get(key)
    if (latest?.gateway === gateway) return Promise.resolve(latest?.atMs)
    return new Promise(resolve => {
      const waiters = this.#waiters.get(key) ?? new Set()
      this.#waiters.set(key, waiters)
      const settle = (atMs: number | undefined) => {
        clearTimeout(timer)
        waiters.delete(waiter)
        resolve(atMs)
      }
      const waiter: Waiter = { gateway, resolve: settle }
      const timer = setTimeout(settle, timeoutMs, undefined)
      waiters.add(waiter)
    })
  }
}

function keyOf(node: string, prefix: string): string {
  return `${node} ${prefix}`
}
