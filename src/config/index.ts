/** Configuration: load, check, describe. Used by src/bin, src/daemon, src/cli (check), src/lab. */
export { policyText } from './canonical.ts'
export { type Impact, isIdle, planReload, type ReloadPlan, staticKey } from './diff.ts'
export { configJsonSchema, formatJsonSchema } from './json-schema.ts'
export { configFromObject, loadConfig, parseConfig } from './load.ts'
export { type Objection, objectionTo, summarisePlan } from './plan-text.ts'
export { formatProblem, type Problem, type ProblemCode } from './problem.ts'
export type { ConfigInput } from './schema.ts'
export type * from './types.ts'
