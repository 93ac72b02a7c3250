/**
 * A real BIRD 2 as a member of the lab: for the interop suites, and for the demo's dress rehearsals.
 * Talks to it with the real `birdc`, so what is compared is BIRD's own opinion.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { birdConfig, memberName } from './bird-config.ts'
import type { PeerStatus } from './cluster.ts'
import { run } from './command.ts'
import type { Namespaces } from './namespace.ts'
import { LabProcess } from './process.ts'
import type { Member, Topology } from './topology.ts'

const START_TIMEOUT_MS = 5000

export class Bird {
  readonly process: LabProcess
  readonly #socket: string

  private constructor(process: LabProcess, socket: string) {
    this.process = process
    this.#socket = socket
  }

  /** Writes the configuration, starts BIRD in the member's namespace and waits until it answers. */
  static async start(place: { namespaces: Namespaces; directory: string }, topology: Topology, member: Member) {
    const base = join(place.directory, member.name)
    const [config, socket] = [`${base}.bird.conf`, `${base}.bird.ctl`]
    writeFileSync(config, birdConfig(topology, member))
    const process = new LabProcess({
      name: member.name,
      program: 'bird',
      args: ['-f', '-c', config, '-s', socket],
      logFile: `${base}.log`,
      enter: work => place.namespaces.enter(member.name, work),
    })
    const bird = new Bird(process, socket)
    const answers = () =>
      bird.command('show status').then(
        text => text.includes('Daemon is up'),
        () => false,
      )
    await process.ready(answers, START_TIMEOUT_MS)
    return bird
  }

  /** What `birdc` prints for a command, without the greeting. */
  async command(line: string): Promise<string> {
    const text = await run('birdc', ['-s', this.#socket, ...line.split(' ')])
    return text.replace(/^BIRD .* ready\.\n/, '')
  }

  /** BGP protocols under the names of the members they lead to, with the state BIRD gives. */
  async peers(): Promise<PeerStatus[]> {
    const rows = (await this.command('show protocols')).split('\n')
    return rows.flatMap(row => {
      const [protocol = '', type, , , , state = ''] = row.split(/\s+/)
      return type === 'BGP' ? [{ name: memberName(protocol), state }] : []
    })
  }
}

/** First line of `bird --version`, or undefined where there is no BIRD. */
export async function birdVersion(): Promise<string | undefined> {
  try {
    // BIRD 2 prints its version on standard error.
    return await run('sh', ['-c', 'bird --version 2>&1']).then(text => text.trim())
  } catch {
    return undefined
  }
}
