/**
 * Reload: read the file, check it whole, compare, decide, apply. Whatever stands in the way, of the file, of the plan or of the machine, is found before
 * anything is touched: a refused reload changes nothing. Every attempt that is no dry run is logged (`reload`, `reload-problem`, `reload-refused`) and shown
 * as the last reload in the status. Synchronous, so that two of them never meet. Called by run.ts for SIGHUP and handed to the control API.
 */
import type { Controls, ReloadReport, ReloadRequest } from '../api/index.ts'
import {
  type Config,
  type ConfigResult,
  formatProblem,
  objectionTo,
  type Problem,
  planReload,
  type ReloadPlan,
  summarisePlan,
} from '../config/index.ts'
import type { Logger } from '../observe/log.ts'
import { isStartError } from '../observe/start-error.ts'
import { administer } from './administer.ts'
import { withPasswords } from './password.ts'
import type { Speaker } from './speaker.ts'

export interface ReloadParts {
  readonly speaker: Speaker
  /** Reads the file once more. */
  readonly load: () => ConfigResult
  readonly logger: Logger
  /** Told after a configuration was applied; for what lies outside the speaker. */
  readonly applied?: (config: Config) => void
}

export function createControls(parts: ReloadParts): Controls {
  const { speaker, logger } = parts
  return {
    reload: request => reload(parts, request),
    administer(request) {
      const names = speaker.current.config.peers.map(({ name }) => name)
      return administer({ peers: speaker.peers, logger, names }, request)
    },
  }
}

function reload(parts: ReloadParts, request: ReloadRequest): ReloadReport {
  const result = parts.load()
  const report = result.ok ? consider(result.config, parts, request) : refuseFile(result.problems)
  const complete: ReloadReport = { ...report, warnings: result.warnings.map(withText) }
  if (!request.dryRun) {
    const { speaker, logger } = parts
    log(complete, logger)
    const reason = complete.refusal?.message ?? complete.problems[0]?.text
    const ok = complete.outcome === 'applied'
    speaker.current.lastReload = { at: new Date(), ok, message: ok ? complete.summary : (reason ?? complete.summary) }
  }
  return complete
}

function consider(written: Config, { speaker, applied }: ReloadParts, request: ReloadRequest): ReloadReport {
  let next: Config
  try {
    next = withPasswords(written)
  } catch (error) {
    if (!isStartError(error)) throw error
    const { message, hint } = error
    return { ...report('refused', 'nothing changes', null), refusal: { message, hint } }
  }
  const plan = planReload(speaker.current.config, next)
  const refusal = objectionTo(plan, request.maxImpact) ?? speaker.obstacleTo(next, plan)
  const summary = summarisePlan(plan)
  if (refusal !== undefined) {
    const { message, hint } = refusal
    return { ...report('refused', summary, plan), refusal: { message, hint } }
  }
  if (request.dryRun) return report('planned', summary, plan)
  speaker.reconfigure(next, plan)
  applied?.(next)
  return report('applied', summary, plan)
}

function refuseFile(problems: readonly Problem[]): ReloadReport {
  const what = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  const refusal = { message: `the configuration has ${what}, nothing was changed`, hint: 'correct it and reload again' }
  return { ...report('refused', 'nothing changes', null), refusal, problems: problems.map(withText) }
}

function report(outcome: ReloadReport['outcome'], summary: string, plan: ReloadPlan | null): ReloadReport {
  return { outcome, summary, refusal: null, problems: [], warnings: [], plan }
}

const withText = (problem: Problem) => ({ ...problem, text: formatProblem(problem) })

function log({ outcome, summary, refusal, problems, warnings, plan }: ReloadReport, logger: Logger): void {
  for (const { text, code } of problems) logger.error({ event: 'reload-problem', code }, text)
  for (const { text, code } of warnings) logger.warn({ event: 'reload-problem', code }, text)
  if (refusal !== null) {
    logger.error({ event: 'reload-refused', hint: refusal.hint }, `reload refused: ${refusal.message}`)
    return
  }
  const peers = (plan?.peers ?? []).filter(({ action, because }) => action !== 'none' || because.length > 0)
  logger.info({ event: 'reload', outcome, impact: plan?.impact, peers }, `reloaded: ${summary}`)
}
