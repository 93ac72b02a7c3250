import { afterEach, describe, expect, it } from 'vitest'
import type { AdministrationRequest } from '../../../src/api/index.ts'
import { parseConfig } from '../../../src/config/index.ts'
import { createControls, startSpeaker } from '../../../src/daemon/index.ts'
import { createLogger } from '../../../src/observe/log.ts'

const PORT = 17_904
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const address = (number: number) => `127.9.4.${number}`

const yaml = (own: number, other: number, more = '') => `
speaker: { asn: 64512, routerId: ${address(own)}, listen: [{ address: ${address(own)}, port: ${PORT} }], connectRetry: 1 }
peers: [{ name: node-${other}, address: ${address(other)}, port: ${PORT}, localAddress: ${address(own)}, asn: 64512${more} }]
api: { socket: false }`

/** A speaker with one peer, as an operator sees it. */
async function node(own: number, other: number) {
  let text = yaml(own, other)
  const load = () => parseConfig(text, 'test.yaml')
  const result = load()
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const speaker = await startSpeaker(result.config)
  ends.push(() => speaker.stop())
  const lines: Record<string, unknown>[] = []
  const controls = createControls({
    speaker,
    load,
    logger: createLogger('info', { write: line => lines.push(JSON.parse(line)) }),
  })
  return {
    lines,
    peer: () => speaker.views.peer(`node-${other}`),
    order: (request: AdministrationRequest) => controls.administer(request).peers,
    reload(more: string) {
      text = yaml(own, other, more)
      return controls.reload({ dryRun: false, maxImpact: 'reset' })
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within 10 s')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

async function pair() {
  const [one, two] = [await node(1, 2), await node(2, 1)]
  const isUp = () => one.peer()?.state === 'Established' && two.peer()?.state === 'Established'
  await until(isUp)
  return { one, two, isUp }
}

const outcome = (name: string, what: 'done' | 'unchanged' | 'refused', detail: string) => [
  { name, outcome: what, detail },
]

describe('an order to a peer', () => {
  it('disable tells the other side why, keeps the peer down over a reload that changes it, and enable ends it', async () => {
    const { one, two, isUp } = await pair()
    const disable = { action: 'disable', peer: 'node-2', message: 'linecard swap\u001b[2J, zurück um 12' } as const
    expect(one.order(disable)).toEqual(outcome('node-2', 'done', 'is disabled'))
    expect(one.order(disable)).toEqual(outcome('node-2', 'unchanged', 'is disabled already'))
    await until(() => two.peer()?.state !== 'Established')
    const text = 'received Cease / Administrative Shutdown: linecard swap\\u{1b}[2J, zurück um 12'
    expect(two.peer()?.history.findLast(({ from }) => from === 'Established')?.cause).toBe(text)
    expect(one.lines[0]).toMatchObject({
      event: 'administration',
      action: 'disable',
      text: expect.stringContaining('linecard'),
    })

    expect(one.reload(', holdTime: 30').outcome).toBe('applied')
    expect(one.peer()).toMatchObject({ state: 'Idle', disabled: true })
    expect(one.order({ action: 'restart' })).toEqual(outcome('node-2', 'refused', 'is disabled; enable it'))
    expect(one.order({ action: 'enable' })).toEqual(outcome('node-2', 'done', 'is enabled'))
    expect(two.order({ action: 'enable' })[0]?.outcome).toBe('done')
    await until(isUp)
    expect(one.peer()).toMatchObject({ disabled: false, holdTimeS: 30 })
    expect(one.order({ action: 'enable' })).toEqual(outcome('node-2', 'unchanged', 'is up already'))
  })

  it('restart ends the session with 6/4 and begins anew', async () => {
    const { one, two, isUp } = await pair()
    expect(one.order({ action: 'restart', message: 'again' })).toEqual(outcome('node-2', 'done', 'begins anew'))
    await until(() => two.peer()?.establishedCount === 2 && isUp())
    expect(two.peer()?.history.some(({ cause }) => cause.endsWith('Administrative Reset: again'))).toBe(true)
  })

  it('refresh has routes told again, both ways, without ending the session', async () => {
    const { one, two } = await pair()
    const before = two.peer()?.messagesIn.routeRefresh ?? 0
    expect(one.order({ action: 'refresh', direction: 'in' })).toEqual(
      outcome('node-2', 'done', 'was asked for its routes'),
    )
    await until(() => (two.peer()?.messagesIn.routeRefresh ?? 0) >= before + 2)
    expect(one.order({ action: 'refresh', direction: 'out' })).toEqual(
      outcome('node-2', 'done', 'is told our routes again'),
    )
    expect([one.peer()?.establishedCount, two.peer()?.establishedCount]).toEqual([1, 1])
  })

  it('refresh is refused where there is no session', async () => {
    const lonely = await node(1, 2)
    expect(lonely.order({ action: 'refresh', direction: 'in' })).toEqual(outcome('node-2', 'refused', 'has no session'))
  })
})
