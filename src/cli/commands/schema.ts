/** `godwit schema`: the JSON Schema of the configuration, for editors. */
import { defineCommand } from '../command.ts'
import { ExitCode } from '../context.ts'

export const schemaCommand = defineCommand({
  usage: 'schema',
  summary: 'Print the JSON Schema of the configuration',
  examples: [['schema > godwit.schema.json', 'for the YAML support of an editor']],
  options: yargs => yargs,
  async run(_args, { stdout, programs }) {
    await stdout.write(`${JSON.stringify(await programs.configSchema(), null, 2)}\n`)
    return ExitCode.done
  },
})
