/** Two speakers that dial each other at the same instant (RFC 4271 6.8), a thousand times over links of all kinds. */
import { expect, it, vi } from 'vitest'
import * as collision from '../../../fsm/collision.ts'
import { Cluster } from '../../../src/sim/cluster.ts'

const STARTS = 1000
const CONNECT_RETRY_PERIODS = 3

/** Starts both ends of one link at once; what is wrong three connect-retry times later. */
function startBoth(seed: number): string | undefined {
  const { speakers, links, clock, plan, timing } = new Cluster({ seed, topology: 'mesh', speakers: 2, faults: 0 })
  if (plan.topology.edges.some(edge => edge.isPassive.includes(true))) return 'passive'
  for (const speaker of speakers) speaker.start()
  clock.runUntil(CONNECT_RETRY_PERIODS * timing.fsm.connectRetryMs)
  const [one, other] = speakers.map(speaker => [...speaker.places.values()].map(place => speaker.connection(place)))
  if (one?.[0] === undefined || one[0] !== other?.[0])
    return `seed ${seed}: ${one?.[0]?.port} here, ${other?.[0]?.port} there`
  // Each side dialled once. Who needed a third connection has lost both of the first.
  if (one[0].port > 2) return `seed ${seed}: connection ${one[0].port}`
  return links[0]?.connections.size === 1 ? undefined : `seed ${seed}: ${links[0]?.connections.size} connections`
}

/** What is wrong with so many starts. */
function wrongOf(starts: number): string[] {
  const wrong: string[] = []
  let tried = 0
  for (let seed = 1; tried < starts; seed++) {
    const outcome = startBoth(seed)
    if (outcome === 'passive') continue
    tried++
    if (outcome !== undefined) wrong.push(outcome)
  }
  return wrong
}

it('a thousand simultaneous starts are one session each within three connect-retry times', () => {
  expect(wrongOf(STARTS)).toEqual([])
}, 60_000)

it('finds out when of two connections each side keeps the one that it has opened itself', () => {
  const { judgeCollision } = collision
  const highest = 0xffffffff
  const planted = vi
    .spyOn(collision, 'judgeCollision')
    .mockImplementation((newcomer, rival, local, now) =>
      judgeCollision(newcomer, rival, { ...local, routerId: highest }, now),
    )
  try {
    const wrong = wrongOf(50)
    expect(wrong).not.toEqual([])
    expect(planted).toHaveBeenCalled()
  } finally {
    planted.mockRestore()
  }
})
