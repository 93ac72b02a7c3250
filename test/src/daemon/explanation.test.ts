/** What a whole speaker says when asked why: static and rejected routes, a peer that is not there, changes in the words of the configuration. */
import { afterEach, expect, it } from 'vitest'
import { ExplanationViewSchema } from '../../../src/api/schema.ts'
import { parseConfig } from '../../../src/config/index.ts'
import { startSpeaker } from '../../../src/daemon/index.ts'
import { parsePrefix } from '../../../wire/index.ts'

const PORT = 17_907
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const address = (host: number): string => `127.9.7.${host}`

async function speaker(host: number, yaml: string) {
  const head = `speaker: { asn: 64512, routerId: ${address(host)}, listen: [{ address: ${address(host)}, port: ${PORT} }], connectRetry: 1 }
api: { socket: false }
`
  const result = parseConfig(head + yaml, 'test.yaml')
  if (!result.ok) throw new Error(result.problems.map(problem => problem.message).join('; '))
  const started = await startSpeaker(result.config)
  ends.push(() => started.stop())
  return started
}

const to = (host: number, own: number): string =>
  `address: ${address(host)}, port: ${PORT}, localAddress: ${address(own)}, asn: 64512`

function prefix(text: string) {
  const parsed = parsePrefix(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

it('a path is explained from the policy that let it in to the peers that are told', async () => {
  const one = await speaker(
    1,
    `peers:
  - { name: two, ${to(2, 1)}, import: in, export: out }
  - { name: three, ${to(3, 1)} }
policies:
  in:
    terms:
      - { name: ours, match: { prefixes: [192.0.2.0/24] }, set: { addCommunities: [no-export, '64512:7'], med: 3 }, action: accept }
    otherwise: reject
  out: { terms: [{ match: { sources: [static] }, action: reject }], otherwise: accept }
statics: [{ prefix: 192.0.2.0/24, blackhole: true }]
`,
  )
  const two = await speaker(
    2,
    `peers: [{ name: one, ${to(1, 2)} }]
statics: [{ prefix: 192.0.2.0/24, blackhole: true }, { prefix: 198.51.100.0/24, blackhole: true }]
`,
  )
  const deadline = performance.now() + 10_000
  const explain = (text: string, longest = false) => one.views.explain(prefix(text), longest)
  while (explain('198.51.100.0/24') === undefined) {
    if (performance.now() > deadline) throw new Error('the routes did not come')
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  expect(two.views.peers()[0]?.state).toBe('Established')
  const found = ExplanationViewSchema.parse(explain('192.0.2.77/32', true))
  expect(found.prefix).toBe('192.0.2.0/24')
  expect(found.paths.map(({ route, lost, imported }) => [route.peer, lost?.step ?? null, imported])).toEqual([
    [null, null, null],
    [
      'two',
      'preference',
      {
        decidedBy: 'in, term 1 (ours)',
        accepted: true,
        changes: ['med 3', 'add communities 64512:7 no-export'],
        blockedByLimit: false,
      },
    ],
  ])
  expect(found.tellings).toMatchObject([
    { peer: 'two', told: false, reason: 'rejected by policy', exported: { decidedBy: 'out, term 1' } },
    { peer: 'three', told: false, reason: 'not Established', path: null },
  ])
  expect(explain('198.51.100.0/24')).toMatchObject({
    paths: [{ route: { unusable: 'rejected by policy' }, imported: { decidedBy: 'in, otherwise', accepted: false } }],
    tellings: [{ peer: 'two', reason: 'no route' }, {}],
  })
  expect(explain('203.0.113.0/24')).toBeUndefined()
})
