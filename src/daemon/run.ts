/**
 * The daemon: a speaker with its faces to the outside (log, control socket, metrics), from start to end.
 *
 * Nothing is left half-started: when one part cannot have what it needs, the parts before it are taken down and the error, made for people, goes to the
 * caller. An exception that nobody caught is a fault of ours: it is logged with its stack and ends the process with exit code 1, because a routing table that
 * may be wrong is worse than a restart; the kernel keeps its routes meanwhile. Called by `godwit run`.
 */
import { type RunningServer, startApiServer, startMetricsServer } from '../api/index.ts'
import type { RunningDaemon } from '../cli/context.ts'
import type { Config } from '../config/index.ts'
import { createLogger, type Logger, logChannels } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { type Speaker, startSpeaker } from './speaker.ts'

export interface DaemonOptions {
  readonly configPath: string
  readonly version: string
}

/** Rejects with an error that has `code` and `hint` when something cannot be had: an address, the kernel, the control socket. */
export async function runDaemon(config: Config, options: DaemonOptions): Promise<RunningDaemon> {
  const logger = createLogger(config.log.level)
  const closers: (() => unknown)[] = [logChannels(logger)]
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) await close()
    closers.length = 0
  }
  try {
    const speaker = await startSpeaker(config, { logger, ...options })
    closers.push(() => speaker.stop())
    for (const server of await startServers(config, speaker, options, logger)) closers.push(() => server.close())
    logger.info(
      { event: 'started', version: options.version, config: options.configPath, peers: config.peers.length },
      'godwit started',
    )
    return supervise(speaker, closeAll, logger)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function startServers(
  config: Config,
  { views }: Speaker,
  { version }: DaemonOptions,
  logger: Logger,
): Promise<RunningServer[]> {
  const onFailure = (error: unknown): void => logger.error({ event: 'api-failure', err: error }, 'a request failed')
  const servers: RunningServer[] = []
  try {
    const { socket, metrics: listen } = config.api
    if (socket !== undefined) servers.push(await startApiServer({ socketPath: socket, views, version, onFailure }))
    if (listen !== undefined) {
      const metrics = createMetrics(views)
      servers.push(await startMetricsServer({ ...listen, metrics, views, onFailure }))
      servers.push({ address: '', close: async () => metrics.close() })
    }
    return servers
  } catch (error) {
    for (const server of servers) await server.close()
    throw error
  }
}

/** From here on the process lives until `stop`, or until something nobody expected happens. */
function supervise(speaker: Speaker, closeAll: () => Promise<void>, logger: Logger): RunningDaemon {
  let finish: (code: number) => void = () => {}
  const finished = new Promise<number>(resolve => {
    finish = resolve
  })
  const die = (error: unknown): void => {
    logger.fatal({ event: 'crash', err: error }, 'an exception nobody caught: ending, kernel routes stay in place')
    process.exit(1)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
  let stopping: Promise<void> | undefined
  const stop = async (reason: string): Promise<void> => {
    logger.info({ event: 'stopping', reason }, 'godwit stops')
    await speaker.stop(reason)
    await closeAll()
    process.off('uncaughtException', die)
    process.off('unhandledRejection', die)
    finish(0)
  }
  return {
    finished,
    stop(reason) {
      stopping ??= stop(reason)
      return stopping
    },
  }
}
