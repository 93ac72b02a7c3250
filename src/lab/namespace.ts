/**
 * Network namespaces of one lab: made together, entered for a moment, and gone at the end whatever happens.
 *
 * Names start with `gw<pid>`, so labs side by side never meet. `ip` runs as one batch a namespace because starting a
 * process costs more than the commands. Entering is setns(2) on this thread for one synchronous call (`src/sys`): sockets
 * opened, files under /proc/sys written and processes spawned inside belong to that namespace for good.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { inNamespace } from '../sys/namespace.ts'
import { run } from './command.ts'

let labs = 0

export class Namespaces {
  readonly prefix: string
  readonly #names = new Set<string>()

  constructor() {
    labs += 1
    this.prefix = `gw${process.pid}${labs > 1 ? `x${labs}` : ''}`
  }

  /** The name `ip netns` knows a namespace of this lab by. */
  fullName(name: string): string {
    return `${this.prefix}-${name}`
  }

  /** Creates namespaces with loopback up and duplicate address detection off: addresses are usable at once. */
  async add(names: readonly string[]): Promise<void> {
    for (const name of names) this.#names.add(name)
    await runIp(
      [],
      names.map(name => `netns add ${this.fullName(name)}`),
    )
    for (const name of names) {
      this.sysctl(name, { 'ipv6/conf/all/accept_dad': 0, 'ipv6/conf/default/accept_dad': 0 })
      await this.ip(name, ['link set lo up'])
    }
  }

  /** Runs `ip` commands in a namespace, one process for all; throws with the line `ip` disliked. */
  ip(name: string, commands: readonly string[], family: 4 | 6 = 4): Promise<string> {
    return runIp(['-n', this.fullName(name), ...(family === 6 ? ['-6'] : [])], commands)
  }

  /** Routes and links as `ip -json` sees them: a witness that shares no code with godwit. */
  async ipJson(name: string, command: string): Promise<unknown> {
    const text = await run('ip', ['-n', this.fullName(name), '-json', ...command.split(' ')])
    return text.trim() === '' ? [] : JSON.parse(text)
  }

  /** Does something synchronous inside a namespace. */
  enter<T>(name: string, work: () => T): T {
    return inNamespace(this.fullName(name), work)
  }

  /** Writes values under /proc/sys/net of a namespace. */
  sysctl(name: string, values: Readonly<Record<string, number | string>>): void {
    this.enter(name, () => {
      for (const [key, value] of Object.entries(values)) writeFileSync(`/proc/sys/net/${key}`, String(value))
    })
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.#names.delete(name)
    await runIp(
      [],
      names.map(name => `netns del ${this.fullName(name)}`),
    )
  }

  /** Synchronous, so that it also works on the way out of a dying process. Never throws. */
  removeAll(): void {
    const commands = [...this.#names].map(name => `netns del ${this.fullName(name)}\n`)
    this.#names.clear()
    if (commands.length === 0) return
    try {
      execFileSync('ip', ['-force', '-batch', '-'], { input: commands.join(''), stdio: ['pipe', 'ignore', 'ignore'] })
    } catch {
      // A namespace that was never made cannot be removed: nothing is left behind.
    }
  }
}

async function runIp(options: readonly string[], commands: readonly string[]): Promise<string> {
  try {
    return await run('ip', [...options, '-batch', '-'], `${commands.join('\n')}\n`)
  } catch (error) {
    const line = /Command failed -:(\d+)/.exec(String(error))?.[1]
    const command = line === undefined ? undefined : commands[Number(line) - 1]
    throw command === undefined ? error : new Error(`ip ${command}: ${String(error)}`)
  }
}
