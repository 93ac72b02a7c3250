/**
 * Everybody a link or a LAN has started: spawned in a namespace and on the list before anybody waits for an answer, so that a start that fails
 * leaves nothing running. Called by `link.ts` and `lan.ts`.
 */
import type { Namespaces } from '../../../src/lab/namespace.ts'
import { LabProcess } from '../../../src/lab/process.ts'
import type { Place } from './port.ts'

export class Crew {
  readonly directory: string
  readonly #namespaces: Namespaces
  readonly #processes: LabProcess[] = []

  constructor(directory: string, namespaces: Namespaces) {
    this.directory = directory
    this.#namespaces = namespaces
  }

  place(space: string): Place {
    const enter = <T>(work: () => T): T => this.#namespaces.enter(space, work)
    const spawn: Place['spawn'] = plan => {
      const process = new LabProcess({ ...plan, enter })
      this.#processes.push(process)
      return process
    }
    return { directory: this.directory, enter, spawn }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(process => process.stop()))
  }
}
