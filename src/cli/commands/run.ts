/**
 * `godwit run --config FILE`: reads the configuration, starts the daemon, waits for its end. SIGINT and SIGTERM ask it to stop; a second one does not wait.
 * SIGHUP asks it to reload, also while it is still starting.
 * The log goes to standard output, everything that prevents a start to standard error with exit code 1.
 */
import { formatProblem } from '../../config/problem.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, ExitCode, type Programs, type RunningDaemon } from '../context.ts'

export const runCommand = defineCommand({
  usage: 'run',
  summary: 'Run the speaker in the foreground',
  examples: [['run --config /etc/godwit/godwit.yaml', 'start with this configuration']],
  options: yargs =>
    yargs.option('config', {
      type: 'string',
      alias: 'c',
      demandOption: true,
      requiresArg: true,
      description: 'Configuration file, YAML or JSON',
    }),
  run: ({ config }, context) => run(config, context),
})

async function run(configPath: string, context: CliContext): Promise<number> {
  const { stderr, programs, version } = context
  const result = await programs.loadConfig(configPath)
  const problems = result.ok ? result.warnings : [...result.problems, ...result.warnings]
  await stderr.write(problems.map(problem => `${formatProblem(problem)}\n`).join(''))
  if (!result.ok) return ExitCode.refused
  let daemon: RunningDaemon | undefined
  let isReloadDue = false
  const endReloads = programs.onReloadSignal(() => {
    isReloadDue = daemon === undefined
    daemon?.reload()
  })
  try {
    daemon = await programs.runDaemon(result.config, { configPath, version })
    if (isReloadDue) daemon.reload()
    return await untilStopped(daemon, programs)
  } finally {
    endReloads()
  }
}

function untilStopped(daemon: RunningDaemon, programs: Programs): Promise<number> {
  const second = new Promise<number>(resolve => {
    let signals = 0
    const unsubscribe = programs.onStopSignal(signal => {
      signals++
      if (signals > 1) return resolve(ExitCode.refused)
      daemon.stop(signal).catch(() => resolve(ExitCode.refused))
    })
    daemon.finished.finally(unsubscribe).catch(() => {})
  })
  return Promise.race([daemon.finished, second])
}
