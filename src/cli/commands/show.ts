/**
 * `godwit show …`: asks the running daemon through its control socket. Each view is a row of `VIEWS`; the code that draws it is loaded when it is wanted
 * (src/cli/show/). `--json` hands on the document of the API unchanged.
 */
import type { Argv } from 'yargs'
import { type Command, defineCommand } from '../command.ts'

const FAMILY_NAMES = { ipv4: 'ipv4-unicast', ipv6: 'ipv6-unicast' } as const

function common<Options>(yargs: Argv<Options>) {
  return yargs
    .option('socket', {
      type: 'string',
      requiresArg: true,
      description: 'Control socket of the daemon [GODWIT_SOCKET, else /run/godwit/godwit.sock]',
    })
    .option('json', { type: 'boolean', default: false, description: 'Print one JSON document' })
}

const wide = { type: 'boolean', default: false, alias: 'w', description: 'More columns' } as const

const VIEWS: readonly Command[] = [
  defineCommand({
    usage: 'status',
    summary: 'The speaker as a whole',
    examples: [['show status', 'version, tables, peers by state, kernel, configuration']],
    options: yargs => common(yargs),
    run: async (args, context) => (await import('../show/status.ts')).showStatus(args, context),
  }),
  defineCommand({
    usage: 'peers [name]',
    summary: 'All peers, or everything about one',
    examples: [
      ['show peers', 'a line a peer'],
      ['show peers tor-a', 'everything about one peer'],
      ['show peers --json | jq ".items[] | select(.state != \\"Established\\")"', 'the ones that are down'],
    ],
    options: yargs =>
      common(yargs).positional('name', { type: 'string', description: 'Name of a peer' }).option('wide', wide),
    run: async (args, context) => (await import('../show/peers.ts')).showPeers(args, context),
  }),
  defineCommand({
    usage: 'routes [prefix]',
    summary: 'Paths in the tables',
    examples: [
      ['show routes', 'every path; * marks the chosen one of its prefix'],
      ['show routes 10.1.2.3', 'the longest prefix that covers an address'],
      ['show routes 10.1.0.0/16 --wide', 'every path of one prefix, and why each lost'],
      ['show routes --peer tor-a --family ipv6', 'what one peer told'],
      ['show routes --peer tor-a --rejected --wide', 'what of that is not let in, and why'],
    ],
    options: yargs =>
      common(yargs)
        .positional('prefix', { type: 'string', description: 'A prefix, or an address' })
        .option('family', { choices: ['ipv4', 'ipv6'] as const, requiresArg: true, description: 'Only this family' })
        .option('longest', { type: 'boolean', default: false, description: 'The longest prefix that covers PREFIX' })
        .option('peer', { type: 'string', requiresArg: true, description: 'Only paths from this peer' })
        .option('source', {
          choices: ['bgp', 'kernel', 'direct', 'static'] as const,
          requiresArg: true,
          description: 'Only paths from this source',
        })
        .option('best', { type: 'boolean', default: false, description: 'Only the chosen paths' })
        .option('rejected', {
          type: 'boolean',
          default: false,
          description: 'Only paths that loop or that import policy refused',
        })
        .option('limit', { type: 'number', requiresArg: true, description: 'At most so many paths' })
        .option('wide', wide),
    run: async (args, context) => {
      const { family, ...rest } = args
      const familyName = family === undefined ? undefined : FAMILY_NAMES[family]
      return (await import('../show/routes.ts')).showRoutes({ ...rest, family: familyName }, context)
    },
  }),
  defineCommand({
    usage: 'nexthops',
    summary: 'The next hops of routes, and what leads to them',
    examples: [['show nexthops', 'a line a next hop: reachable or not, through which route, how far']],
    options: yargs => common(yargs),
    run: async (args, context) => (await import('../show/next-hops.ts')).showNextHops(args, context),
  }),
  defineCommand({
    usage: 'kernel',
    summary: 'What the speaker wants in the kernel, and whether it is there',
    examples: [['show kernel', 'a line a route, with the reason of a refusal']],
    options: yargs => common(yargs),
    run: async (args, context) => (await import('../show/kernel.ts')).showKernel(args, context),
  }),
]

export const showCommand: Command = {
  usage: 'show',
  summary: 'Ask the running daemon',
  examples: [
    ['show peers', 'a line a peer'],
    ['show routes 10.1.2.3', 'which route an address takes'],
  ],
  subcommands: VIEWS,
}
