/**
 * The real `godwit` program as a member of the lab: started in its namespace, asked through its control socket.
 * The program is the built one, so that what the lab shows is what a user installs.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { PeerView } from '../api/index.ts'
import { readList } from '../cli/client.ts'
import type { ConfigInput } from '../config/index.ts'
import type { PeerStatus } from './cluster.ts'
import { run } from './command.ts'
import { LabProcess } from './process.ts'

export interface GodwitPlan {
  readonly name: string
  readonly config: ConfigInput
  readonly socket: string
  /** Configuration and log go here. */
  readonly directory: string
  /** Runs `spawn` where the process shall live. */
  readonly enter: <T>(work: () => T) => T
}

const START_TIMEOUT_MS = 20_000

export class Godwit {
  readonly process: LabProcess
  readonly #socket: string

  private constructor(process: LabProcess, socket: string) {
    this.process = process
    this.#socket = socket
  }

  /** Writes the configuration and starts the program; `ready` tells when it answers. */
  static start(plan: GodwitPlan): Godwit {
    const file = join(plan.directory, `${plan.name}.yaml`)
    writeFileSync(file, stringify(plan.config))
    const process = new LabProcess({
      name: plan.name,
      program: globalThis.process.execPath,
      args: [godwitProgram(), 'run', '--config', file],
      logFile: join(plan.directory, `${plan.name}.log`),
      enter: plan.enter,
    })
    return new Godwit(process, plan.socket)
  }

  /** Resolves when the control socket answers; throws with the tail of the log when it never will. */
  ready(): Promise<void> {
    const answers = () =>
      this.peers().then(
        () => true,
        () => false,
      )
    return this.process.ready(answers, START_TIMEOUT_MS)
  }

  async peers(): Promise<PeerStatus[]> {
    return readPeers(this.#socket)
  }

  show(...args: readonly string[]): Promise<string> {
    return showGodwit(this.#socket, args)
  }
}

/** Names and states of a speaker's peers, from its control socket. */
async function readPeers(socket: string): Promise<PeerStatus[]> {
  const peers: PeerStatus[] = []
  const ask = { socket, path: '/v1/peers', kind: 'PeerList' }
  for await (const { name, state } of readList<PeerView>(ask)) peers.push({ name, state })
  return peers
}

/** What `godwit show …` prints about the speaker behind a control socket. */
export function showGodwit(socket: string, args: readonly string[]): Promise<string> {
  return run(process.execPath, [godwitProgram(), 'show', ...args, '--socket', socket])
}

/** The built program: beside this module when that is built too, in `dist` when it is run from source. */
function godwitProgram(): string {
  const isSource = import.meta.url.endsWith('.ts')
  const path = fileURLToPath(new URL(isSource ? '../../dist/src/bin/godwit.js' : '../bin/godwit.js', import.meta.url))
  if (!existsSync(path))
    throw new Error(`the lab runs the built program, and ${path} is not there: run \`npm run build\``)
  return path
}
