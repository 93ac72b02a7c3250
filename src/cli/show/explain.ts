/** `godwit explain PREFIX`: each path with what policy made of it and the step it lost on, then who is told and who is not, and why. */
import type { ExplanationView } from '../../api/schema.ts'
import { printable } from '../../observe/printable.ts'
import type { CliContext } from '../context.ts'
import { type Column, formatTable } from '../table.ts'
import { orDash } from '../text.ts'
import { ask, colours, printItem, type ShowOptions } from './print.ts'

export interface ExplainOptions extends ShowOptions {
  readonly prefix: string
  readonly peer?: string | undefined
}

export function explain(options: ExplainOptions, context: CliContext): Promise<number> {
  const { prefix, peer } = options
  const request = ask(options, context, { path: '/v1/explain', kind: 'Explanation', query: { prefix, peer } })
  return printItem<ExplanationView>(request, options, context, formatExplanation)
}

type Path = ExplanationView['paths'][number]
type Telling = ExplanationView['tellings'][number]
type Verdict = NonNullable<Telling['exported']>

export function formatExplanation({ prefix, family, paths, tellings }: ExplanationView): string {
  const count = paths.length === 1 ? '1 path' : `${paths.length} paths`
  const names = paths.map(path => sourceOf(path))
  const head = `${prefix}, ${family}: ${count}${paths[0]?.route.best === true ? '' : ', none of which is a route'}\n\n`
  const table = formatTable(tellingColumns(names), tellings)
  return head + paths.map(formatPath).join('') + (tellings.length === 0 ? 'no peers are configured\n' : `\n${table}`)
}

const sourceOf = ({ route }: Path): string => route.peer ?? route.source

function formatPath(path: Path): string {
  const { route, lost, imported } = path
  const target = route.nextHop === null ? route.type : `next hop ${route.nextHop}`
  const via = route.via === null ? '' : ` by ${route.via} at metric ${route.metric}`
  const asPath = route.asPath === '' ? '' : `, AS path ${route.asPath}`
  const facts = [
    ...(imported === null ? [] : [importText(imported)]),
    ...(route.unusable === null ? [] : [`never a route: ${unusableText(path)}`]),
    ...(lost === null || route.unusable !== null
      ? []
      : [`lost on ${lost.step} (${lost.section}): ${lost.value}, against ${lost.winner} of ${lost.against}`]),
  ]
  const first = `${route.best ? '*' : ' '} ${sourceOf(path)}: ${target}${via}${asPath}`
  return [first, ...facts.map(fact => `    ${fact}`)].map(line => `${printable(line)}\n`).join('')
}

function unusableText({ route, imported }: Path): string {
  return imported?.blockedByLimit === true ? 'a limit of routes is reached' : String(route.unusable)
}

function importText(verdict: Verdict): string {
  return `import: ${verdictText(verdict)}`
}

function verdictText({ decidedBy, accepted, changes }: Verdict): string {
  const sets = changes.length === 0 ? '' : `: ${changes.join(', ')}`
  return `${accepted ? 'accepted' : 'refused'} by ${decidedBy}${sets}`
}

function tellingColumns(names: readonly string[]): readonly Column<Telling>[] {
  return [
    { head: 'PEER', text: telling => telling.peer },
    {
      head: 'TOLD',
      text: telling => (telling.told ? 'yes' : 'no'),
      paint: telling => (telling.told ? colours.green : colours.dim),
    },
    { head: 'PATH', text: telling => (telling.path === null ? '-' : (names[telling.path] ?? '-')) },
    { head: 'PATH-ID', text: telling => orDash(telling.pathId) },
    { head: 'WHY', text: whyText },
  ]
}

function whyText({ reason, exported, pending }: Telling): string {
  const parts = [
    ...(reason === null || reason === 'rejected by policy' ? [] : [reason]),
    ...(exported === null ? [] : [verdictText(exported)]),
    ...(pending ? ['on its way'] : []),
  ]
  return parts.join('; ')
}
