// Checks the import rules over wire/, fsm/, src/ and test/ of a tree, and that they were read at all.
//   node test/config/check-imports.mjs [TREE] [FEWEST_MODULES]
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cruise } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import { FEWEST_MODULES, rules } from './import-rules.mjs'

const tree = resolve(process.argv[2] ?? '.')
const fewest = Number(process.argv[3] ?? FEWEST_MODULES)
const tsConfig = resolve(import.meta.dirname, '../../tsconfig.json')
process.chdir(tree)

const folders = ['wire', 'fsm', 'src', 'test'].filter(folder => existsSync(join(tree, folder)))
const { output } = await cruise(
  folders,
  {
    ruleSet: rules,
    validate: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: tsConfig },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(fixtures|dist)/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
  {},
  { tsConfig: extractTSConfig(tsConfig) },
)

const read = output.modules.filter(module => /^(wire|fsm|src)\//.test(module.source)).length
for (const { rule, from, to } of output.summary.violations)
  console.error(`${rule.severity} ${rule.name}: ${from} -> ${to}`)
if (read < fewest)
  console.error(`error nothing-read: ${read} modules of ours were cruised, at least ${fewest} were expected`)
console.log(`imports: ${read} modules read, ${output.summary.violations.length} violations`)
process.exitCode = read < fewest || output.summary.error > 0 ? 1 : 0
