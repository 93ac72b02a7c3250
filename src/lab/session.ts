/** Which sessions of a cluster are up, seen from both ends. Called by the demo's story and by the interop suites. */
import type { Cluster } from './cluster.ts'
import { pause } from './process.ts'
import { type Member, sessionsOf } from './topology.ts'

export type Session = readonly [Member, Member]

const POLL_MS = 25

/** `a b` for every one of the members a that calls its session with b Established. */
export async function establishedEnds(cluster: Cluster, members: readonly Member[]): Promise<Set<string>> {
  const rows = members.map(async member => {
    const peers = await cluster.peers(member)
    return peers.filter(({ state }) => state === 'Established').map(peer => `${member.name} ${peer.name}`)
  })
  return new Set((await Promise.all(rows)).flat())
}

/** Waits until both ends of every session call it Established; `onUp` once for each. Returns the ones that never were. */
export async function untilEstablished(
  cluster: Cluster,
  timeoutMs: number,
  onUp: (session: Session) => void = () => {},
): Promise<Session[]> {
  const { topology } = cluster
  const deadline = performance.now() + timeoutMs
  const waiting = new Set<Session>(sessionsOf(topology))
  for (;;) {
    const ends = await establishedEnds(cluster, topology.members)
    for (const session of waiting) {
      const [one, other] = session
      if (!ends.has(`${one.name} ${other.name}`) || !ends.has(`${other.name} ${one.name}`)) continue
      waiting.delete(session)
      onUp(session)
    }
    if (waiting.size === 0 || performance.now() > deadline) return [...waiting]
    await pause(POLL_MS)
  }
}
