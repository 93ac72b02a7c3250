/**
 * A Policy made quick: sources as a bit mask, all its prefixes in one trie a family, edits as small numbers, our own AS number
 * filled in, and terms that cannot change the outcome left out, so that `dependsOnPrefix` is true only when some reachable term really looks at prefixes.
 *
 * Called at start and on reload; `evaluate` is called per route by the RIB and allocates nothing.
 */
import { match } from 'ts-pattern'
import { compileConditions, type Test } from './condition.ts'
import { EditsTable } from './edits.ts'
import {
  type CompiledPolicy,
  type Edits,
  OWN_AS,
  type Policy,
  type PolicySession,
  type PolicySubject,
  type PrefixMatch,
  REJECT,
  SOURCE_KINDS,
  type SourceKind,
  type Term,
} from './policy.ts'
import { isEverything, isIn, type Lengths, PrefixSets } from './prefix-set.ts'

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

/** Instead of the number of a prefix set: the term does not look at prefixes in this way. */
const ANY = -1

/** One term, ready to run. Conditions that always hold are absent. */
interface Step {
  readonly term: Term
  readonly isImpossible: boolean
  readonly sources: number
  /** Numbers of prefix sets: the route is in the first and not in the second. */
  readonly prefixes: number
  readonly exceptPrefixes: number
  readonly tests: readonly Test[]
  readonly set: Edits | undefined
  readonly action: StepAction
}

/** Compiles terms one after the other, and collects the prefix sets that they ask for. */
class TermCompiler {
  readonly sets: (readonly PrefixMatch[])[] = []
  readonly #session: PolicySession | undefined

  constructor(session: PolicySession | undefined) {
    this.#session = session
  }

  compile(term: Term): Step {
    const { prefixes, exceptPrefixes, sources } = term.match
    const tests = compileConditions(term.match, this.#session)
    const excludesAll = exceptPrefixes !== undefined && isEverything(exceptPrefixes)
    return {
      term,
      isImpossible: tests === false || sources?.length === 0 || excludesAll,
      sources: sources === undefined ? ALL_SOURCES : sources.reduce((mask, source) => mask | sourceBit(source), 0),
      prefixes: prefixes === undefined || isEverything(prefixes) ? ANY : this.sets.push(prefixes) - 1,
      exceptPrefixes:
        exceptPrefixes === undefined || exceptPrefixes.length === 0 ? ANY : this.sets.push(exceptPrefixes) - 1,
      tests: tests === false ? [] : tests,
      set: term.set !== undefined && Object.keys(term.set).length > 0 ? this.#withOwnAs(term.set) : undefined,
      action: match<Term['action'], StepAction>(term.action)
        .with('accept', () => ACCEPT_STEP)
        .with('reject', () => REJECT_STEP)
        .with('next', () => NEXT_STEP)
        .exhaustive(),
    }
  }

  #withOwnAs(set: Edits): Edits {
    if (set.prepend?.includes(OWN_AS) !== true) return set
    const session = this.#session
    if (session === undefined) throw new RangeError('a policy that prepends our own AS is compiled for no session')
    return { ...set, prepend: set.prepend.map(asn => (asn === OWN_AS ? session.localAsn : asn)) }
  }
}

function looksAtPrefixes({ prefixes, exceptPrefixes }: Step): boolean {
  return prefixes !== ANY || exceptPrefixes !== ANY
}

function isUnconditional(step: Step): boolean {
  return step.sources === ALL_SOURCES && !looksAtPrefixes(step) && step.tests.length === 0
}

/** Leaves out what cannot matter: impossible terms, terms after a decision for all, and a tail that says what follows anyway. */
function prune(steps: readonly Step[], otherwise: StepAction): Step[] {
  const kept: Step[] = []
  let decision: Step | undefined
  for (const step of steps) {
    if (step.isImpossible || (step.action === NEXT_STEP && step.set === undefined)) continue
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
  /** All terms, and those that can change the outcome. */
  readonly #all: readonly Step[]
  readonly #steps: readonly Step[]
  readonly #sets: PrefixSets
  readonly #otherwise: boolean
  readonly #table = new EditsTable()

  constructor(policy: Policy, session: PolicySession | undefined) {
    const compiler = new TermCompiler(session)
    this.name = policy.name
    this.#all = policy.terms.map(term => compiler.compile(term))
    this.#steps = prune(this.#all, policy.otherwise === 'accept' ? ACCEPT_STEP : REJECT_STEP)
    this.#sets = new PrefixSets(compiler.sets)
    this.#otherwise = policy.otherwise === 'accept'
    this.dependsOnPrefix = this.#steps.some(looksAtPrefixes)
  }

  get edits(): readonly Edits[] {
    return this.#table.edits
  }

  evaluate(subject: PolicySubject): number {
    const steps = this.#steps
    const table = this.#table
    const found = this.dependsOnPrefix ? this.#sets.find(subject) : undefined
    let index = 0
    let edits: Edits | undefined
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (step === undefined || !matches(step, subject, found, edits)) continue
      if (step.action === REJECT_STEP) return REJECT
      if (step.set !== undefined) {
        index = table.append(index, i, step.set)
        edits = table.edits[index]
      }
      if (step.action === ACCEPT_STEP) return index
    }
    return this.#otherwise ? index : REJECT
  }

  decidedBy(subject: PolicySubject): string {
    const found = this.#sets.find(subject)
    const table = new EditsTable()
    let index = 0
    for (const [i, step] of this.#all.entries()) {
      if (step.isImpossible || !matches(step, subject, found, table.edits[index])) continue
      const { name } = step.term
      if (step.action !== NEXT_STEP) return `${this.name}, term ${i + 1}${name === undefined ? '' : ` (${name})`}`
      if (step.set !== undefined) index = table.append(index, i, step.set)
    }
    return `${this.name}, otherwise`
  }
}

/** Cheapest question first. `found`: see `PrefixSets.find`; `edits`: what earlier terms have changed. */
function matches(step: Step, subject: PolicySubject, found: Lengths | undefined, edits: Edits | undefined): boolean {
  if (step.prefixes !== ANY && !isIn(found, step.prefixes, subject)) return false
  if (step.sources !== ALL_SOURCES && (step.sources & sourceBit(subject.source)) === 0) return false
  if (step.exceptPrefixes !== ANY && isIn(found, step.exceptPrefixes, subject)) return false
  const { tests } = step
  for (let k = 0; k < tests.length; k++) if (tests[k]?.(subject, edits) === false) return false
  return true
}

/**
 * Compiles a policy; cost is linear in its size. Without a session, terms for one type of session never match, and a policy that
 * prepends our own AS is a RangeError.
 */
export function compilePolicy(policy: Policy, session?: PolicySession): CompiledPolicy {
  return new CompiledTerms(policy, session)
}
