/**
 * A Policy made quick: sources as a bit mask, prefixes as tries, edits as small numbers, and terms that cannot change the
 * outcome left out, so that `dependsOnPrefix` is true only when some reachable term really looks at prefixes.
 *
 * Called at start and on reload; `evaluate` is called per route by the RIB and allocates nothing.
 */
import { match } from 'ts-pattern'
import { EditsTable, hasCommunityAfter } from './edits.ts'
import {
  type CompiledPolicy,
  type Edits,
  type Policy,
  type PolicySubject,
  REJECT,
  SOURCE_KINDS,
  type SourceKind,
  type Term,
} from './policy.ts'
import { isEverything, PrefixSet } from './prefix-set.ts'

const ALL_SOURCES = (1 << SOURCE_KINDS.length) - 1

function sourceBit(source: SourceKind): number {
  switch (source) {
    case 'bgp':
      return 1
    case 'kernel':
      return 2
    case 'direct':
      return 4
    case 'static':
      return 8
    default:
      return source satisfies never
  }
}

const ACCEPT_STEP = 0
const REJECT_STEP = 1
const NEXT_STEP = 2
type StepAction = typeof ACCEPT_STEP | typeof REJECT_STEP | typeof NEXT_STEP

/** One term, ready to run. Conditions that always hold are absent. */
interface Step {
  readonly sources: number
  readonly prefixes: PrefixSet | undefined
  readonly communities: readonly number[] | undefined
  readonly set: Edits | undefined
  readonly action: StepAction
}

function compileTerm(term: Term): Step {
  const { prefixes, sources, communities } = term.match
  return {
    sources: sources === undefined ? ALL_SOURCES : sources.reduce((mask, source) => mask | sourceBit(source), 0),
    prefixes: prefixes === undefined || isEverything(prefixes) ? undefined : new PrefixSet(prefixes),
    communities,
    set: term.set !== undefined && Object.keys(term.set).length > 0 ? term.set : undefined,
    action: match<Term['action'], StepAction>(term.action)
      .with('accept', () => ACCEPT_STEP)
      .with('reject', () => REJECT_STEP)
      .with('next', () => NEXT_STEP)
      .exhaustive(),
  }
}

function isUnconditional(step: Step): boolean {
  return step.sources === ALL_SOURCES && step.prefixes === undefined && step.communities === undefined
}

function isImpossible(step: Step): boolean {
  return step.sources === 0 || step.communities?.length === 0
}

/** Leaves out what cannot matter: impossible terms, terms after a decision for all, and a tail that says what follows anyway. */
function prune(steps: readonly Step[], otherwise: StepAction): Step[] {
  const kept: Step[] = []
  let decision: Step | undefined
  for (const step of steps) {
    if (isImpossible(step) || (step.action === NEXT_STEP && step.set === undefined)) continue
    if (step.action !== NEXT_STEP && isUnconditional(step)) {
      decision = step
      break
    }
    kept.push(step)
  }
  const mayPopTail = decision?.set === undefined || decision.action === REJECT_STEP
  const outcome = decision?.action ?? otherwise
  while (mayPopTail && isIdle(kept.at(-1), outcome)) kept.pop()
  if (decision !== undefined && !(mayPopTail && outcome === otherwise)) kept.push(decision)
  return kept
}

/** As the last term before an outcome for everything: does it change anything? */
function isIdle(step: Step | undefined, outcome: StepAction): boolean {
  if (step === undefined) return false
  if (step.action === NEXT_STEP) return outcome === REJECT_STEP
  return step.action === outcome && (outcome === REJECT_STEP || step.set === undefined)
}

class CompiledTerms implements CompiledPolicy {
  readonly name: string
  readonly dependsOnPrefix: boolean
  readonly #steps: readonly Step[]
  readonly #otherwise: boolean
  readonly #table = new EditsTable()

  constructor(policy: Policy) {
    this.name = policy.name
    this.#steps = prune(policy.terms.map(compileTerm), policy.otherwise === 'accept' ? ACCEPT_STEP : REJECT_STEP)
    this.#otherwise = policy.otherwise === 'accept'
    this.dependsOnPrefix = this.#steps.some(step => step.prefixes !== undefined)
  }

  get edits(): readonly Edits[] {
    return this.#table.edits
  }

  evaluate(subject: PolicySubject): number {
    const steps = this.#steps
    let edits = 0
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (step === undefined || !this.#matches(step, subject, edits)) continue
      if (step.action === REJECT_STEP) return REJECT
      if (step.set !== undefined) edits = this.#table.append(edits, i, step.set)
      if (step.action === ACCEPT_STEP) return edits
    }
    return this.#otherwise ? edits : REJECT
  }

  /** Cheapest question first; prefixes last. */
  #matches(step: Step, subject: PolicySubject, edits: number): boolean {
    if (step.sources !== ALL_SOURCES && (step.sources & sourceBit(subject.source)) === 0) return false
    if (step.communities !== undefined && !this.#hasAny(step.communities, subject, edits)) return false
    return step.prefixes === undefined || step.prefixes.has(subject)
  }

  #hasAny(communities: readonly number[], subject: PolicySubject, edits: number): boolean {
    const before = this.#table.edits[edits]
    for (let i = 0; i < communities.length; i++) {
      const value = communities[i]
      if (value === undefined || before === undefined) continue
      const carried = subject.hasCommunity(value)
      if (edits === 0 ? carried : hasCommunityAfter(before, value, carried)) return true
    }
    return false
  }
}

/** Compiles a policy. Cost is linear in its size; the result keeps no reference to the subject. */
export function compilePolicy(policy: Policy): CompiledPolicy {
  return new CompiledTerms(policy)
}
