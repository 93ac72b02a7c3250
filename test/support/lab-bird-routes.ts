/** What `birdc show route primary` says, as routes to compare with what must be there. INTEROP: BIRD 2.0.12. */
import type { TableRoute } from '../../src/lab/expect.ts'
import { isWorkload } from '../../src/lab/topology.ts'

/** `10.65.1.1/32  unicast [node_2 15:55:05.025] * (100) [i]`, the target indented on the line after it. */
const HEAD = /^(\S+)\s+unicast \[(\S+) /
const TARGET = /^\t(?:via (\S+) on \S+|dev (\S+))/

export function birdRoutes(text: string): TableRoute[] {
  const routes: TableRoute[] = []
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    const [, prefix = '', source = ''] = HEAD.exec(line) ?? []
    const [, gateway, device] = TARGET.exec(lines[index + 1] ?? '') ?? []
    if (!isWorkload(prefix)) continue
    const owner = source.startsWith('kernel') ? 'agent' : 'bgp'
    routes.push({ prefix, owner, ...(gateway !== undefined && { gateway }), ...(device !== undefined && { device }) })
  }
  return routes
}
