/** Configuration: load, check, describe. Used by src/bin, src/daemon, src/cli (check), src/lab. */
export { configJsonSchema, formatJsonSchema } from './json-schema.ts'
export { configFromObject, loadConfig, parseConfig } from './load.ts'
export { formatProblem, type Problem, type ProblemCode } from './problem.ts'
export type { ConfigInput } from './schema.ts'
export type * from './types.ts'
