/** Starts whichever daemon is asked for, and says which versions this machine has. The only place that knows all three. */
import { run } from '../../../src/lab/command.ts'
import { BirdDaemon } from './bird.ts'
import { BGPD, FrrDaemon } from './frr.ts'
import { GobgpDaemon } from './gobgp.ts'
import type { Daemon, DaemonKind, DaemonPlan, Place } from './port.ts'

const START = { bird: BirdDaemon, frr: FrrDaemon, gobgp: GobgpDaemon } as const

/** Writes its configuration, starts it and waits until it answers. */
export function startDaemon(kind: DaemonKind, plan: DaemonPlan, place: Place): Promise<Daemon> {
  return START[kind].start(plan, place)
}

/** The first line each program prints of its version, on whichever stream; "not found" where there is none. */
const ASK: Readonly<Record<DaemonKind | 'tcpdump', string>> = {
  bird: 'bird --version 2>&1',
  frr: `${BGPD} --version`,
  gobgp: 'gobgpd --version',
  tcpdump: 'tcpdump --version 2>&1',
}

async function versionOf(program: keyof typeof ASK): Promise<string | undefined> {
  try {
    const text = await run('sh', ['-c', `PATH=$PATH:/usr/sbin; ${ASK[program]}`])
    return /\d+\.\d+(\.\d+)?/.exec(text)?.[0]
  } catch {
    return undefined
  }
}

export type Versions = Readonly<Record<keyof typeof ASK, string | undefined>>

export async function daemonVersions(): Promise<Versions> {
  const programs = Object.keys(ASK) as (keyof typeof ASK)[]
  const entries = await Promise.all(programs.map(async program => [program, await versionOf(program)] as const))
  return Object.fromEntries(entries) as Record<keyof typeof ASK, string | undefined>
}
