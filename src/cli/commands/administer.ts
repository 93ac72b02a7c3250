/**
 * `godwit disable | enable | restart | refresh <peer|all>`: orders to peers of the running daemon, which take effect at once and change no file. A line a peer
 * says what came of it; exit code 1 when it could not be for one of them.
 */
import type { Argv } from 'yargs'
import type { AdministrationReport } from '../../api/schema.ts'
import { type Command, defineCommand } from '../command.ts'
import { type CliContext, ExitCode } from '../context.ts'

/** What stands for every peer; no peer may have this name. */
const ALL = 'all'

function common<Options>(yargs: Argv<Options>) {
  return yargs
    .positional('peer', { type: 'string', demandOption: true, description: `Name of a peer, or ${ALL}` })
    .option('socket', {
      type: 'string',
      requiresArg: true,
      description: 'Control socket of the daemon [GODWIT_SOCKET, else /run/godwit/godwit.sock]',
    })
    .option('json', { type: 'boolean', default: false, description: 'Print one JSON document' })
}

const message = {
  type: 'string',
  requiresArg: true,
  description: 'Text for the neighbour, at most 255 octets of UTF-8 (RFC 9003)',
} as const

const disableCommand = defineCommand({
  usage: 'disable <peer>',
  summary: 'Bring a peer down and keep it down',
  examples: [
    ['disable tor-a --message "linecard swap, back at noon"', 'the neighbour is told why (Administrative Shutdown)'],
    ['disable all', 'every peer'],
  ],
  options: yargs => common(yargs).option('message', message),
  run: (args, context) => administer('disable', args, context),
})

const enableCommand = defineCommand({
  usage: 'enable <peer>',
  summary: 'Let a disabled peer come up again',
  examples: [['enable tor-a', 'a peer that waits after a failure tries again at once, too']],
  options: yargs => common(yargs),
  run: (args, context) => administer('enable', args, context),
})

const restartCommand = defineCommand({
  usage: 'restart <peer>',
  summary: 'End the session of a peer and begin anew',
  examples: [['restart tor-a', 'Administrative Reset; the routes of the peer go and come back']],
  options: yargs => common(yargs).option('message', message),
  run: (args, context) => administer('restart', args, context),
})

const FAMILY_NAMES = { ipv4: 'ipv4-unicast', ipv6: 'ipv6-unicast' } as const

const refreshCommand = defineCommand({
  usage: 'refresh <peer> [direction]',
  summary: 'Have routes told again without ending the session',
  examples: [
    ['refresh tor-a', 'the neighbour tells its routes again (RFC 2918)'],
    ['refresh tor-a out --family ipv6', 'we tell it our IPv6 routes again'],
  ],
  options: yargs =>
    common(yargs)
      .positional('direction', {
        choices: ['in', 'out'] as const,
        default: 'in' as const,
        description: 'in: the neighbour tells again; out: we do',
      })
      .option('family', { choices: ['ipv4', 'ipv6'] as const, requiresArg: true, description: 'Only this family' }),
  run: ({ direction, family, ...args }, context) =>
    administer('refresh', { ...args, direction, family: family && FAMILY_NAMES[family] }, context),
})

export const ADMINISTRATION_COMMANDS: readonly Command[] = [
  disableCommand,
  enableCommand,
  restartCommand,
  refreshCommand,
]

interface Options {
  readonly peer: string
  readonly socket: string | undefined
  readonly json: boolean
  readonly message?: string | undefined
  readonly direction?: 'in' | 'out'
  readonly family?: string | undefined
}

async function administer(action: string, options: Options, context: CliContext): Promise<number> {
  const { pathWithQuery, readItem, socketPath } = await import('../client.ts')
  const { printable } = await import('../../observe/printable.ts')
  const { peer, socket, json, message: text, direction, family } = options
  const whom = peer === ALL ? { all: true } : { peer }
  const path = pathWithQuery(`/v1/${action}`, { ...whom, message: text, direction, family })
  const ask = { socket: socketPath(socket, context.env), path, kind: 'AdministrationResult', method: 'POST' } as const
  const report = await readItem<AdministrationReport>(ask)
  const document = { schema: 'godwit/v1', kind: ask.kind, item: report }
  const lines = report.peers.map(({ name, detail }) => `${printable(name)} ${printable(detail)}\n`).join('')
  await context.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : lines || 'no peers are configured\n')
  return report.peers.some(({ outcome }) => outcome === 'refused') ? ExitCode.refused : ExitCode.done
}
