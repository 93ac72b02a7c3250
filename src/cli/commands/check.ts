/**
 * `godwit check FILE`: reads a configuration as `godwit run` would and says what is wrong with it, one line a problem: `file:line:column path: what; what to
 * do [code]`. Starts nothing and asks no daemon.
 */

import { formatRouterId } from '../../../wire/prefix.ts'
import { formatProblem, type Problem } from '../../config/problem.ts'
import type { Config, ConfigResult } from '../../config/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, CliError, ExitCode } from '../context.ts'

export const checkCommand = defineCommand({
  usage: 'check [file]',
  summary: 'Check a configuration without running it',
  examples: [
    ['check godwit.yaml', 'print every problem with its place; exit code 1 when there is one'],
    ['check godwit.yaml --json', 'the same for programs'],
  ],
  options: yargs =>
    yargs
      .positional('file', { type: 'string', description: 'Configuration file, YAML or JSON' })
      .option('config', { type: 'string', alias: 'c', requiresArg: true, description: 'The same, as for `run`' })
      .option('json', { type: 'boolean', default: false, description: 'Print one JSON document' }),
  run: ({ file, config, json }, context) => check({ file, config, json }, context),
})

interface CheckOptions {
  readonly file: string | undefined
  readonly config: string | undefined
  readonly json: boolean
}

async function check({ file, config, json }: CheckOptions, { stdout, programs }: CliContext): Promise<number> {
  const path = file ?? config
  if (path === undefined || (file !== undefined && config !== undefined)) {
    throw new CliError(ExitCode.usage, 'name one configuration file', 'for example `godwit check godwit.yaml`')
  }
  const result = await programs.loadConfig(path)
  await stdout.write(json ? document(path, result) : report(path, result))
  return result.ok ? ExitCode.done : ExitCode.refused
}

function report(path: string, result: ConfigResult): string {
  const problems = result.ok ? [] : result.problems
  const lines = [
    ...problems.map(formatProblem),
    ...result.warnings.map(warning => `warning: ${formatProblem(warning)}`),
  ]
  if (result.ok) lines.push(`${path}: valid: ${summary(result.config)}`)
  return `${lines.join('\n')}\n`
}

function summary({ speaker, reflector, peers, policies, statics, kernel }: Config): string {
  return [
    `AS ${speaker.asn}`,
    `router id ${formatRouterId(speaker.routerId)}`,
    ...(reflector === undefined ? [] : ['route reflector']),
    plural(peers.length, 'peer'),
    plural(policies.size, 'policy', 'policies'),
    plural(statics.length, 'static route'),
    `kernel backend ${kernel.backend}`,
  ].join(', ')
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function document(file: string, result: ConfigResult): string {
  const problems: readonly Problem[] = result.ok ? [] : result.problems
  const body = { schema: 'godwit/v1', kind: 'CheckResult', file, ok: result.ok, problems, warnings: result.warnings }
  return `${JSON.stringify(body, null, 2)}\n`
}
