/**
 * `godwit lab …`: clusters on this machine. The demo tells its own story on the process's streams; what it is made of is in src/lab, which this side
 * of the command line does not know.
 */
import { type Command, defineCommand } from '../command.ts'
import { CliError, ExitCode } from '../context.ts'

const SCALE_MAX = 50_000

const demoCommand = defineCommand({
  usage: 'demo',
  summary: 'Build clusters on this machine, and check every route in them',
  examples: [
    ['lab demo', 'as root in network namespaces, else in memory'],
    ['lab demo --scale 2000 --json', 'more routes, and a report for programs'],
  ],
  options: yargs =>
    yargs
      .option('scale', {
        type: 'number',
        default: 200,
        requiresArg: true,
        description: 'Extra routes for the latency line',
      })
      .option('memory', { type: 'boolean', default: false, description: 'Tables in memory, even as root' })
      .option('json', {
        type: 'boolean',
        default: false,
        description: 'Print one JSON document; the story goes to stderr',
      }),
  run: async (options, { programs }) => {
    const { scale } = options
    if (!Number.isInteger(scale) || scale < 1 || scale > SCALE_MAX) {
      throw new CliError(ExitCode.usage, '--scale is not a number of routes', `write a number from 1 to ${SCALE_MAX}`)
    }
    return programs.runDemo(options)
  },
})

export const labCommand: Command = {
  usage: 'lab',
  summary: 'Clusters on this machine',
  examples: [['lab demo', 'every route, live, from kernel to kernel']],
  subcommands: [demoCommand],
}
