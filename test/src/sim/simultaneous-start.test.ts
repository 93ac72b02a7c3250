/** Two speakers that dial each other at the same instant (RFC 4271 6.8), a thousand times over links of all kinds. */
import { expect, it } from 'vitest'
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
  return links[0]?.connections.size === 1 ? undefined : `seed ${seed}: ${links[0]?.connections.size} connections`
}

it('a thousand simultaneous starts are one session each within three connect-retry times', () => {
  const wrong: string[] = []
  let tried = 0
  for (let seed = 1; tried < STARTS; seed++) {
    const outcome = startBoth(seed)
    if (outcome === 'passive') continue
    tried++
    if (outcome !== undefined) wrong.push(outcome)
  }
  expect(wrong).toEqual([])
}, 60_000)
