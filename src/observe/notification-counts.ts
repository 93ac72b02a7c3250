/**
 * NOTIFICATION messages by peer, direction and code. They are rare, and the channel is the only place that sees both directions. Bounded: numbers that no RFC
 * defines are "other", and peers that are configured no more are forgotten. Called by metrics.ts.
 */
import type { PeerView } from '../api/schema.ts'

/** Highest subcode with a meaning, per NOTIFICATION code (RFC 4271 4.5 and successors); a peer may send any octet. */
const HIGHEST_SUBCODE: Readonly<Record<number, number>> = { 1: 3, 2: 11, 3: 11, 4: 0, 5: 3, 6: 10, 7: 1, 8: 0 }

export class NotificationCounts {
  readonly #peers = new Map<string, Map<string, number>>()

  count(event: { peer: string; direction: 'sent' | 'received'; code: number; subcode: number }): void {
    const highest = HIGHEST_SUBCODE[event.code]
    const code = highest === undefined ? 'other' : String(event.code)
    const subcode = highest === undefined || event.subcode > highest ? 'other' : String(event.subcode)
    let counts = this.#peers.get(event.peer)
    if (counts === undefined) {
      counts = new Map()
      this.#peers.set(event.peer, counts)
    }
    const key = `${event.direction} ${code} ${subcode}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  /** Forgets peers that are configured no more. */
  keepOnly(peers: readonly PeerView[]): void {
    const names = new Set(peers.map(peer => peer.name))
    for (const name of this.#peers.keys()) if (!names.has(name)) this.#peers.delete(name)
  }

  read(peer: PeerView, put: (value: number, ...labelValues: readonly string[]) => void): void {
    for (const [key, count] of this.#peers.get(peer.name) ?? []) put(count, peer.address, ...key.split(' '))
  }
}
