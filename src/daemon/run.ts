/**
 * The daemon: a speaker with its faces to the outside (log, control socket, metrics), from start to end.
 *
 * Nothing is left half-started: when one part cannot have what it needs, the parts before it are taken down and the error, made for people, goes to the
 * caller. An exception that nobody caught is a fault of ours: it is logged with its stack and ends the process with exit code 1, because a routing table that
 * may be wrong is worse than a restart; the kernel keeps its routes meanwhile. Called by `godwit run`.
 */
import { type Controls, type RunningServer, startApiServer, startMetricsServer, type Views } from '../api/index.ts'
import type { RunningDaemon } from '../cli/context.ts'
import { type Config, loadConfig } from '../config/index.ts'
import { createLogger, type Logger, logChannels } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { createControls } from './reload.ts'
import { type Speaker, startSpeaker } from './speaker.ts'
import { warmUp } from './warm-up.ts'

export interface DaemonOptions {
  readonly configPath: string
  readonly version: string
}

/** Rejects with an error that has `code` and `hint` when something cannot be had: an address, the kernel, the control socket. */
export async function runDaemon(config: Config, options: DaemonOptions): Promise<RunningDaemon> {
  const logger = createLogger(config.log.level)
  let endLog = logChannels(logger)
  const closers: (() => unknown)[] = [() => endLog()]
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) await close()
    closers.length = 0
  }
  try {
    const speaker = await startSpeaker(config, { logger, ...options })
    closers.push(() => speaker.stop())
    const applied = ({ log }: Config): void => {
      if (log.level === logger.level) return
      logger.level = log.level
      // The loggers of single peers were made with the old level.
      endLog()
      endLog = logChannels(logger)
    }
    const controls = createControls({ speaker, load: () => loadConfig(options.configPath), logger, applied })
    const faces = { views: speaker.views, controls, version: options.version, logger }
    for (const server of await startServers(config, faces)) closers.push(() => server.close())
    logger.info(
      { event: 'started', version: options.version, config: options.configPath, peers: config.peers.length },
      'godwit started',
    )
    warmUp({ hasKernel: config.kernel.backend !== 'none' }).catch((error: unknown) =>
      logger.warn({ event: 'warm-up', err: error }, 'the warm-up failed: the first routes take longer'),
    )
    return supervise({ speaker, controls, logger }, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

interface Faces {
  readonly views: Views
  readonly controls: Controls
  readonly version: string
  readonly logger: Logger
}

async function startServers(config: Config, { views, controls, version, logger }: Faces): Promise<RunningServer[]> {
  const onFailure = (error: unknown): void => logger.error({ event: 'api-failure', err: error }, 'a request failed')
  const servers: RunningServer[] = []
  try {
    const { socket, metrics: listen } = config.api
    if (socket !== undefined)
      servers.push(await startApiServer({ socketPath: socket, views, controls, version, onFailure }))
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

const LONGEST_DELAY_MS = 0x7fff_ffff

interface Supervised {
  readonly speaker: Speaker
  readonly controls: Controls
  readonly logger: Logger
}

/** From here on the process lives until `stop`, or until something nobody expected happens. */
function supervise({ speaker, controls, logger }: Supervised, closeAll: () => Promise<void>): RunningDaemon {
  let finish: (code: number) => void = () => {}
  const finished = new Promise<number>(resolve => {
    finish = resolve
  })
  const die = (error: unknown): void => {
    logger.fatal({ event: 'crash', err: error }, 'an exception nobody caught: ending, kernel routes stay in place')
    process.exit(1)
  }
  // A speaker that neither listens, dials nor can be asked has nothing else that keeps the process.
  const anchor = setInterval(() => {}, LONGEST_DELAY_MS)
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
  let stopping: Promise<void> | undefined
  const stop = async (reason: string): Promise<void> => {
    logger.info({ event: 'stopping', reason }, 'godwit stops')
    await speaker.stop(reason)
    await closeAll()
    process.off('uncaughtException', die)
    process.off('unhandledRejection', die)
    clearInterval(anchor)
    finish(0)
  }
  return {
    finished,
    reload() {
      if (stopping === undefined) controls.reload({ dryRun: false, maxImpact: 'reset' })
    },
    stop(reason) {
      stopping ??= stop(reason)
      return stopping
    },
  }
}
