/** The configuration a speaker runs with now, and how the last reload ended. Replaced by a reload, read by the views; one object for the life of a speaker. */
import type { Config } from '../config/index.ts'

/** How an attempt to reload ended; dry runs do not count. */
export interface LastReload {
  readonly at: Date
  readonly ok: boolean
  /** What was done, or why nothing was. */
  readonly message: string
}

export class CurrentConfig {
  #config: Config
  #loadedAt = new Date()
  lastReload: LastReload | undefined

  constructor(config: Config) {
    this.#config = config
  }

  get config(): Config {
    return this.#config
  }

  /** When it was read. */
  get loadedAt(): Date {
    return this.#loadedAt
  }

  replace(config: Config): void {
    this.#config = config
    this.#loadedAt = new Date()
  }
}
