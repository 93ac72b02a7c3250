/** `godwit explain <prefix>`: asks the running daemon why a prefix is routed as it is, and who is told. Drawn by src/cli/show/explain.ts. */
import { type Command, defineCommand } from '../command.ts'

export const explainCommand: Command = defineCommand({
  usage: 'explain <prefix>',
  summary: 'Say why a prefix is routed so, and who is told',
  examples: [
    ['explain 10.1.0.0/16', 'each path: what policy made of it, the step it lost on; who is told, and why not'],
    ['explain 10.1.2.3 --peer tor-a', 'of the longest prefix that covers an address, what one peer is told'],
  ],
  options: yargs =>
    yargs
      .positional('prefix', { type: 'string', demandOption: true, description: 'A prefix, or an address' })
      .option('peer', { type: 'string', requiresArg: true, description: 'Only what this peer is told' })
      .option('socket', {
        type: 'string',
        requiresArg: true,
        description: 'Control socket of the daemon [GODWIT_SOCKET, else /run/godwit/godwit.sock]',
      })
      .option('json', { type: 'boolean', default: false, description: 'Print one JSON document' }),
  run: async (args, context) => (await import('../show/explain.ts')).explain(args, context),
})
