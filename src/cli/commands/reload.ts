/**
 * `godwit reload`: has the running daemon read its configuration again, and prints what that changes. A refusal, of the file, of the plan or of the limit set
 * with --max-impact, is exit code 1, in a dry run too, so that a script can ask before it acts. SIGHUP does the same without a limit.
 */
import type { ReloadReport } from '../../api/schema.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, CliError, ExitCode } from '../context.ts'

export const reloadCommand = defineCommand({
  usage: 'reload',
  summary: 'Have the running daemon read its configuration again',
  examples: [
    ['reload --dry-run', 'what would change, and which sessions would end'],
    ['reload --max-impact none', 'refuse to touch any session that is up'],
  ],
  options: yargs =>
    yargs
      .option('dry-run', { type: 'boolean', default: false, description: 'Print the plan and apply nothing' })
      .option('max-impact', {
        choices: ['none', 'refresh', 'reset'] as const,
        default: 'reset' as const,
        requiresArg: true,
        description: 'Refuse to do more than this to sessions that are up',
      })
      .option('socket', {
        type: 'string',
        requiresArg: true,
        description: 'Control socket of the daemon [GODWIT_SOCKET, else /run/godwit/godwit.sock]',
      })
      .option('json', { type: 'boolean', default: false, description: 'Print one JSON document' }),
  run: ({ 'dry-run': dryRun, 'max-impact': maxImpact, socket, json }, context) =>
    reload({ dryRun, maxImpact, socket, json }, context),
})

interface ReloadOptions {
  readonly dryRun: boolean
  readonly maxImpact: 'none' | 'refresh' | 'reset'
  readonly socket: string | undefined
  readonly json: boolean
}

async function reload({ dryRun, maxImpact, socket, json }: ReloadOptions, context: CliContext): Promise<number> {
  const { pathWithQuery, readItem, socketPath } = await import('../client.ts')
  const path = pathWithQuery('/v1/reload', { dryRun, maxImpact })
  const ask = { socket: socketPath(socket, context.env), path, kind: 'ReloadResult', method: 'POST' } as const
  const report = await readItem<ReloadReport>(ask)
  if (json) {
    const document = { schema: 'godwit/v1', kind: ask.kind, item: report }
    await context.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
  } else {
    await print(report, context)
  }
  return report.outcome === 'refused' ? ExitCode.refused : ExitCode.done
}

async function print({ outcome, summary, refusal, problems, warnings, plan }: ReloadReport, { stdout }: CliContext) {
  const { printable } = await import('../../observe/printable.ts')
  const { formatPlan } = await import('../reload-plan.ts')
  const lines = [...problems.map(({ text }) => text), ...warnings.map(({ text }) => `warning: ${text}`)]
  await stdout.write(lines.map(line => `${printable(line)}\n`).join(''))
  if (plan !== null) await stdout.write(formatPlan(plan, stdout.isTerminal ? { columns: stdout.columns } : {}))
  if (refusal !== null) throw new CliError(ExitCode.refused, refusal.message, refusal.hint)
  await stdout.write(outcome === 'planned' ? `would be applied: ${summary}\n` : `applied: ${summary}\n`)
}
