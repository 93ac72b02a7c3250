/**
 * What goes wrong, drawn from the seed beforehand (spec: faults of links, processes and operators). Each fault stands for
 * itself, with its own time and its own end, so that a run can be repeated without any of them; all are over at `endMs`.
 * Called by `cluster.ts` (draw and inject) and `shrink.ts` (drop).
 */
import type { VirtualClock } from './clock.ts'
import { type Connection, ENDS, type End, type Link } from './link.ts'
import type { Place } from './place.ts'
import type { Random } from './random.ts'
import type { Speaker } from './speaker.ts'
import type { Topology } from './topology.ts'

interface OnLink {
  readonly at: number
  /** Index of the edge. */
  readonly edge: number
}

/** With an end of its own. */
interface Lasting {
  readonly forMs: number
}

export type Fault =
  /** A reset after so many more octets from `end`, if they come in time; `hears`: which ends learn of it. */
  | (OnLink & Lasting & { kind: 'reset'; end: End; octets: number; hears: readonly [boolean, boolean] })
  /** One end forgets its connections; a mute one does not even answer with resets. */
  | (OnLink & { kind: 'half-open'; end: End; isMute: boolean })
  /** Streams from `end` stand still, as behind a closed window. */
  | (OnLink & Lasting & { kind: 'stall'; end: End })
  /** Everything from `end` is lost. */
  | (OnLink & Lasting & { kind: 'one-way-loss'; end: End })
  /** Everything takes longer. */
  | (OnLink & Lasting & { kind: 'slow'; extraMs: number })
  /** Nothing passes between those inside and the rest. */
  | (Lasting & { kind: 'partition'; at: number; inside: readonly number[] })
  | (Lasting & { kind: 'crash'; at: number; site: number; isMachine: boolean })
  | (Lasting & { kind: 'freeze'; at: number; site: number })
  /** An operator stops a session at one end, and starts it again. */
  | (OnLink & Lasting & { kind: 'bounce'; end: End })
  /** An operator resets a session at one end. */
  | (OnLink & { kind: 'clear'; end: End })
  /**
   * A new configuration without a peer, and another one with it; or one with other options for it, which takes it away and
   * adds it at once.
   */
  | (OnLink & Lasting & { kind: 'remove'; end: End; isChange: boolean })
  /** An operator asks for everything again, or tells it again. */
  | (OnLink & { kind: 'refresh'; end: End; direction: 'in' | 'out' })

type Kind = Fault['kind']
const KINDS: readonly Kind[] = [
  'reset',
  'half-open',
  'stall',
  'one-way-loss',
  'slow',
  'partition',
  'crash',
  'freeze',
  'bounce',
  'clear',
  'remove',
  'refresh',
]

/** How many sites a partition cuts off in a large cluster. */
const MOST_INSIDE = 8

export interface FaultOptions {
  readonly count: number
  readonly endMs: number
  readonly holdMs: number
}

/** `count` faults in order of time. */
export function drawFaults(topology: Topology, options: FaultOptions, random: Random): readonly Fault[] {
  const faults = Array.from({ length: options.count }, (_, i) => drawFault(topology, options, random.fork(i)))
  return faults.sort((a, b) => a.at - b.at)
}

function drawFault({ edges, sites }: Topology, { endMs, holdMs }: FaultOptions, random: Random): Fault {
  const at = random.between(0, endMs * 0.95)
  // Around the hold time is where it gets interesting: shorter, just as long, longer.
  const forMs = Math.min(
    endMs - at,
    holdMs * random.pick([0.02, 0.2, 0.6, 0.95, 1.05, 1.6, 2.5]) * random.between(0.9, 1.1),
  )
  const on = { at, edge: random.below(edges.length) }
  const end = random.pick(ENDS)
  const site = random.below(sites.length)
  const kind = random.pick(KINDS)
  switch (kind) {
    case 'reset': {
      const hears = random.pick<readonly [boolean, boolean]>([
        [true, true],
        [true, true],
        [true, false],
        [false, true],
      ])
      return { kind, ...on, forMs, end, octets: random.below(200), hears }
    }
    case 'half-open':
      return { kind, ...on, end, isMute: random.chance(0.5) }
    case 'stall':
    case 'one-way-loss':
    case 'bounce':
      return { kind, ...on, forMs, end }
    case 'remove':
      return { kind, ...on, forMs, end, isChange: random.chance(0.3) }
    case 'slow':
      return { kind, ...on, forMs, extraMs: random.between(10, 2000) }
    case 'partition':
      return { kind, at, forMs, inside: drawInside(sites.length, random) }
    case 'crash':
      return { kind, at, forMs, site, isMachine: random.chance(0.4) }
    case 'freeze':
      return { kind, at, forMs, site }
    case 'clear':
      return { kind, ...on, end }
    case 'refresh':
      return { kind, ...on, end, direction: random.pick(['in', 'out']) }
    default:
      return kind satisfies never
  }
}

/** Up to 40 % of the sites, and a handful of many: each of them loses all its sessions. */
function drawInside(sites: number, random: Random): number[] {
  const share = Math.min(0.4, MOST_INSIDE / sites)
  return Array.from({ length: sites }, (_, index) => index).filter(() => random.chance(share))
}

/** What faults happen to. */
export interface Victims {
  readonly clock: VirtualClock
  readonly speakers: readonly Speaker[]
  /** By edge. */
  readonly links: readonly Link[]
  readonly topology: Topology
}

/** Plans a fault and its end. */
export function inject(fault: Fault, victims: Victims): void {
  const [begin, finish] = actions(fault, victims)
  victims.clock.at(fault.at, begin)
  if ('forMs' in fault) victims.clock.at(fault.at + fault.forMs, finish)
}

const NOTHING = () => {}

function actions(fault: Fault, victims: Victims): Actions {
  const { links, speakers } = victims
  switch (fault.kind) {
    case 'partition':
      return partition(fault.inside, victims)
    case 'crash': {
      const speaker = speakers[fault.site]
      return [() => speaker?.crash(fault.isMachine), () => speaker?.start()]
    }
    case 'freeze': {
      const speaker = speakers[fault.site]
      return [() => speaker?.freeze(), () => speaker?.thaw()]
    }
    default: {
      const link = links[fault.edge]
      return link === undefined ? [NOTHING, NOTHING] : onLink(fault, link, victims)
    }
  }
}

type LinkFault = Extract<Fault, OnLink>
type OperatorFault = Extract<LinkFault, { kind: 'bounce' | 'clear' | 'remove' | 'refresh' }>
type Actions = readonly [begin: () => void, finish: () => void]

function onLink(fault: LinkFault, link: Link, victims: Victims): Actions {
  const all = (run: (connection: Connection) => void) => () => [...link.connections].forEach(run)
  switch (fault.kind) {
    case 'reset': {
      const after = (octets: number) => all(({ lanes }) => lanes[fault.end].resetAfter(octets, fault.hears))
      return [after(fault.octets), after(Number.POSITIVE_INFINITY)]
    }
    case 'half-open':
      return [all(connection => connection.breakSilently(fault.end, fault.isMute)), NOTHING]
    case 'stall':
      return [() => link.stall(fault.end, 1), () => link.stall(fault.end, -1)]
    case 'one-way-loss':
      return [() => link.lose(fault.end, 1), () => link.lose(fault.end, -1)]
    case 'slow': {
      const { extraMs } = fault
      return [() => link.slowDown(extraMs), () => link.slowDown(-extraMs)]
    }
    default: {
      const speaker = victims.speakers[victims.topology.edges[fault.edge]?.ends[fault.end] ?? -1]
      const place = [...(speaker?.places.values() ?? [])].find(one => one.link === link)
      return speaker === undefined || place === undefined ? [NOTHING, NOTHING] : byOperator(fault, speaker, place)
    }
  }
}

function byOperator(fault: OperatorFault, speaker: Speaker, place: Place): Actions {
  const { name } = place
  switch (fault.kind) {
    case 'bounce':
      return [
        () => speaker.command(({ peers }) => peers.row(name) && peers.disable(name, { communication: 'maintenance' })),
        () => speaker.command(({ peers }) => peers.row(name) && peers.enable(name)),
      ]
    case 'clear':
      return [() => speaker.command(({ peers }) => peers.row(name) && peers.reset(name)), NOTHING]
    case 'remove':
      if (fault.isChange) return [() => speaker.changePeer(place), NOTHING]
      return [() => speaker.removePeer(place), () => speaker.addPeer(place)]
    case 'refresh':
      return [() => speaker.command(({ peers }) => peers.row(name) && peers.refresh(name, fault.direction)), NOTHING]
    default:
      return fault satisfies never
  }
}

function partition(inside: readonly number[], { links, topology }: Victims): Actions {
  const within = new Set(inside)
  const cut = links.filter((_, edge) => {
    const [a = -1, b = -1] = topology.edges[edge]?.ends ?? []
    return within.has(a) !== within.has(b)
  })
  const lose = (by: 1 | -1) => () => {
    for (const link of cut) for (const end of ENDS) link.lose(end, by)
  }
  return [lose(1), lose(-1)]
}

/** One line for people. */
export function describeFault(fault: Fault, { edges }: Topology): string {
  const { at, kind, ...rest } = fault
  const where = 'edge' in fault ? ` between ${edges[fault.edge]?.ends.join(' and ')}` : ''
  const facts = Object.entries(rest).flatMap(([key, value]) =>
    key === 'edge' ? [] : [`${key} ${typeof value === 'number' ? Math.round(value) : String(value)}`],
  )
  return `${(at / 1000).toFixed(3)} s: ${kind}${where}${facts.length > 0 ? `, ${facts.join(', ')}` : ''}`
}
