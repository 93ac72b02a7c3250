import { request } from 'node:http'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ENDPOINTS } from '../../../src/api/endpoints.ts'
import { ErrorSchema, PeerSchema, type RouteList, type RouteRow } from '../../../src/api/schema.ts'
import { type RunningServer, startApiServer } from '../../../src/api/server.ts'
import { DOWN_PEER, SAMPLE_ROUTES, SampleControls, SampleViews, sampleRoute } from './sample-views.ts'
import { fetchUnix, withTemporaryDirectory } from './unix-client.ts'

let views: SampleViews
let controls: SampleControls
let socket: string
let server: RunningServer
let failures: string[]
let leave: () => void

beforeEach(async () => {
  views = new SampleViews()
  controls = new SampleControls()
  failures = []
  await new Promise<void>((resolve, reject) => {
    const stay = new Promise<void>(end => {
      leave = end
    })
    withTemporaryDirectory(async directory => {
      socket = join(directory, 'godwit.sock')
      const onFailure = (error: unknown, what: string) => failures.push(`${what}: ${String(error)}`)
      server = await startApiServer({ socketPath: socket, views, controls, version: '1.2.3', onFailure })
      resolve()
      await stay
    }).catch(reject)
  })
})

afterEach(async () => {
  await server.close()
  leave()
})

async function json(path: string, method = 'GET'): Promise<unknown> {
  const reply = await fetchUnix(socket, path, method)
  expect(reply.status, reply.text).toBe(200)
  return JSON.parse(reply.text)
}

async function refusal(path: string, method = 'GET') {
  const { status, text } = await fetchUnix(socket, path, method)
  return { status, ...ErrorSchema.parse(JSON.parse(text)).error }
}

describe('every endpoint', () => {
  it.each(ENDPOINTS.map(row => [row.path, row] as const))('%s answers what its schema says', async (path, row) => {
    const isExplain = path === '/v1/explain'
    const query = 'all' in row.query.shape ? '?all=true' : isExplain ? '?prefix=10.1.0.0/16' : ''
    const document = await json(`${path.replace('{name}', 'tor-a')}${query}`, row.method)
    expect(row.response.safeParse(document).error).toBeUndefined()
  })

  it('names the schema and the kind in every document', async () => {
    expect(await json('/v1/status')).toMatchObject({ schema: 'godwit/v1', kind: 'Status' })
    expect(await json('/v1/peers')).toMatchObject({ schema: 'godwit/v1', kind: 'PeerList', count: 2, truncated: false })
    expect(await json('/v1/kernel')).toMatchObject({ schema: 'godwit/v1', kind: 'KernelList', count: 2 })
  })

  it('finds a peer whose name needs percent-encoding', async () => {
    const document = PeerSchema.parse(await json(`/v1/peers/${encodeURIComponent(DOWN_PEER.name)}`))
    expect(document.item).toMatchObject(DOWN_PEER)
  })

  it.each([
    ['/v1/explain', 400, 'invalid-query'],
    ['/v1/explain?prefix=10.1.0.1/16', 400, 'invalid-prefix'],
    ['/v1/explain?prefix=10.9.0.0/16', 404, 'route-not-found'],
    ['/v1/explain?prefix=10.1.0.0/16&peer=nobody', 404, 'peer-not-found'],
  ])('%s is refused with %d %s', async (path, status, code) => {
    expect(await refusal(path)).toMatchObject({ status, code })
  })

  it('explains what one peer is told where only that is asked', async () => {
    expect(await json('/v1/explain?prefix=10.1.0.0/16&peer=tor-a')).toMatchObject({
      kind: 'Explanation',
      item: { paths: [{}, {}, {}], tellings: [{ peer: 'tor-a', told: false, reason: 'its own route' }] },
    })
  })

  it('gives an empty list as an empty list', async () => {
    views.routeList = []
    expect(await json('/v1/routes')).toEqual({
      schema: 'godwit/v1',
      kind: 'RouteList',
      items: [],
      count: 0,
      truncated: false,
    })
  })
})

describe('an order to peers', () => {
  it.each([
    ['/v1/disable?peer=tor-a&message=back%20at%20noon', { action: 'disable', peer: 'tor-a', message: 'back at noon' }],
    ['/v1/disable?all=true', { action: 'disable' }],
    ['/v1/enable?peer=tor-a', { action: 'enable', peer: 'tor-a' }],
    ['/v1/restart?peer=tor-a', { action: 'restart', peer: 'tor-a' }],
    ['/v1/refresh?all=true', { action: 'refresh', direction: 'in' }],
  ])('%s', async (path, request) => {
    await json(path, 'POST')
    expect(controls.orders).toEqual([request])
  })

  it('names a family', async () => {
    await json('/v1/refresh?peer=tor-a&direction=out&family=ipv6-unicast', 'POST')
    expect(controls.orders).toMatchObject([{ direction: 'out', family: { name: 'ipv6-unicast' } }])
  })

  it.each([
    ['/v1/disable', 400, 'invalid-query'],
    ['/v1/disable?peer=tor-a&all=true', 400, 'invalid-query'],
    ['/v1/disable?peer=nobody', 404, 'peer-not-found'],
    ['/v1/enable?all=true&message=hello', 400, 'invalid-query'],
    ['/v1/refresh?all=true&direction=sideways', 400, 'invalid-query'],
  ])('%s is refused', async (path, status, code) => {
    expect(await refusal(path, 'POST')).toMatchObject({ status, code })
    expect(controls.orders).toEqual([])
  })

  it('takes a text of 255 octets and refuses one of 256, counted in UTF-8 (row 65)', async () => {
    const fits = `${'ü'.repeat(127)}x`
    await json(`/v1/disable?all=true&message=${encodeURIComponent(fits)}`, 'POST')
    expect(controls.orders).toEqual([{ action: 'disable', message: fits }])
    const answer = await refusal(`/v1/restart?all=true&message=${encodeURIComponent(`${fits}x`)}`, 'POST')
    expect(answer).toMatchObject({ status: 400, code: 'message-too-long' })
    expect(answer.message).toContain('256 octets')
  })
})

describe('the query of routes', () => {
  it('asks for everything when it is empty', async () => {
    expect(await json('/v1/routes')).toMatchObject({ items: SAMPLE_ROUTES, count: 3 })
    expect(views.lastQuery).toEqual({ longest: false, best: false })
  })

  it('takes a prefix exactly', async () => {
    expect(await json('/v1/routes?prefix=10.2.0.0/24')).toMatchObject({ count: 1 })
    expect(views.lastQuery).toMatchObject({ longest: false, prefix: { length: 24 }, family: { name: 'ipv4-unicast' } })
  })

  it('takes an address for the longest prefix that covers it', async () => {
    await json('/v1/routes?prefix=2001:db8::1')
    expect(views.lastQuery).toMatchObject({ longest: true, prefix: { length: 128 }, family: { name: 'ipv6-unicast' } })
  })

  it('hands on family, peer, source and best', async () => {
    await json('/v1/routes?family=ipv4-unicast&peer=tor-a&source=bgp&best=true')
    expect(views.lastQuery).toMatchObject({
      family: { name: 'ipv4-unicast' },
      peer: 'tor-a',
      source: 'bgp',
      best: true,
    })
  })

  it('cuts at the limit and says that there was more', async () => {
    expect(await json('/v1/routes?limit=2')).toMatchObject({ count: 2, truncated: true })
  })

  it('does not claim that there was more when the limit was just enough', async () => {
    expect(await json('/v1/routes?limit=3')).toMatchObject({ count: 3, truncated: false })
  })

  it.each([
    ['family=ipx', 'invalid-query', /family/],
    ['limit=0', 'invalid-query', /limit/],
    ['limit=-1', 'invalid-query', /limit/],
    ['limit=1e9', 'invalid-query', /limit/],
    ['longest=yes', 'invalid-query', /longest/],
    ['longest=true', 'invalid-query', /longest/],
    ['nonsense=1', 'invalid-query', /nonsense/],
    ['__proto__=1', 'invalid-query', /__proto__/],
    ['peer=a&peer=b', 'invalid-query', /twice/],
    ['prefix=10.0.0.0/33', 'invalid-prefix', /neither/],
    ['prefix=hello', 'invalid-prefix', /neither/],
    ['prefix=10.0.0.1/8', 'invalid-prefix', /bits set/],
    ['prefix=10.0.0.0/8&family=ipv6-unicast', 'invalid-query', /family/],
  ])('is refused with a reason when it is %s', async (query, code, message) => {
    const answer = await refusal(`/v1/routes?${query}`)
    expect(answer).toMatchObject({ status: 400, code })
    expect(answer.message).toMatch(message)
    expect(answer.hint).not.toBe('')
  })

  it('says how a prefix with host bits is written', async () => {
    expect((await refusal('/v1/routes?prefix=10.0.0.1/8')).hint).toBe('write 10.0.0.0/8')
  })

  it('refuses a peer that does not exist', async () => {
    expect(await refusal('/v1/routes?peer=nobody')).toMatchObject({ status: 404, code: 'peer-not-found' })
  })
})

describe('what is not there', () => {
  it.each([
    ['/', 404, 'endpoint-not-found'],
    ['/v1/nothing', 404, 'endpoint-not-found'],
    ['/v1/peers/', 404, 'endpoint-not-found'],
    ['/v1/peers/nobody', 404, 'peer-not-found'],
    ['/v1/peers/%ff', 400, 'invalid-path'],
    ['/v1/peers?x=1', 400, 'invalid-query'],
  ])('%s is answered with %i %s', async (path, status, code) => {
    expect(await refusal(path)).toMatchObject({ status, code })
  })

  it.each([
    ['/v1/peers', 'POST', 'GET'],
    ['/v1/status', 'DELETE', 'GET'],
    ['/v1/reload', 'GET', 'POST'],
  ])('says with which method %s can be had, instead of %s', async (path, method, allow) => {
    const reply = await fetchUnix(socket, path, method)
    expect(reply.status).toBe(405)
    expect(reply.headers.allow).toBe(allow)
    expect(controls.requests).toEqual([])
  })

  it('offers nothing but GET where there is only something to see', async () => {
    const reply = await fetchUnix(socket, '/v1/peers', 'POST')
    expect(reply.status).toBe(405)
    expect(reply.headers.allow).toBe('GET')
  })
})

describe('POST /v1/reload', () => {
  it.each([
    ['/v1/reload', { dryRun: false, maxImpact: 'reset' }],
    ['/v1/reload?dryRun=true', { dryRun: true, maxImpact: 'reset' }],
    ['/v1/reload?dryRun=false&maxImpact=none', { dryRun: false, maxImpact: 'none' }],
  ])('%s asks the speaker for just that', async (path, request) => {
    const document = await json(path, 'POST')
    expect(controls.requests).toEqual([request])
    expect(document).toMatchObject({ schema: 'godwit/v1', kind: 'ReloadResult', item: { outcome: 'applied' } })
  })

  it.each([['dryRun=yes'], ['maxImpact=remove'], ['dry-run=true'], ['dryRun=true&dryRun=false']])(
    'with the query %s changes nothing',
    async query => {
      expect(await refusal(`/v1/reload?${query}`, 'POST')).toMatchObject({ status: 400, code: 'invalid-query' })
      expect(controls.requests).toEqual([])
    },
  )

  it('of a speaker that can only be looked at is refused', async () => {
    const path = `${socket}.second`
    const second = await startApiServer({ socketPath: path, views, version: '1.2.3' })
    const { status, text } = await fetchUnix(path, '/v1/reload', 'POST')
    await second.close()
    expect(status).toBe(409)
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'reload-not-offered' } })
  })
})

describe('a long list', () => {
  it('streams 50,000 routes, one a line, and gives way to other work meanwhile', async () => {
    const total = 50_000
    let inSlice = 0
    let longestSlice = 0
    views.routeList = {
      *[Symbol.iterator]() {
        for (let at = 0; at < total; at++) {
          inSlice++
          longestSlice = Math.max(longestSlice, inSlice)
          yield sampleRoute({ prefix: `10.${at >> 8}.${at & 255}.0/24` })
        }
      },
    }
    let isOver = false
    const reply = fetchUnix(socket, '/v1/routes').finally(() => {
      isOver = true
    })
    while (!isOver) {
      await nextTurn()
      inSlice = 0
    }
    const { text } = await reply
    const document = JSON.parse(text) as RouteList
    expect(document.count).toBe(total)
    expect(document.items).toHaveLength(total)
    expect(text.split('\n')).toHaveLength(total + 3)
    expect(longestSlice).toBeLessThan(total / 20)
  })

  it('stops building rows when the reader stops reading, and ends when it goes away', async () => {
    let made = 0
    let isReturned = false
    views.routeList = {
      *[Symbol.iterator](): Generator<RouteRow> {
        try {
          for (;;) {
            made++
            yield sampleRoute()
          }
        } finally {
          isReturned = true
        }
      },
    }
    const outgoing = request({ socketPath: socket, path: '/v1/routes', agent: false })
    outgoing.on('error', () => {})
    outgoing.on('response', response => response.pause().on('error', () => {}))
    outgoing.end()
    await quiet(() => made)
    const heldBack = made
    expect(heldBack).toBeGreaterThan(0)
    expect(isReturned).toBe(false)
    outgoing.destroy()
    await until(() => isReturned)
    expect(made).toBeLessThan(heldBack + 2000)
    expect(failures).toEqual([])
  })

  it('breaks off rather than pretend to be complete when a view fails in the middle', async () => {
    views.routeList = {
      *[Symbol.iterator]() {
        for (let at = 0; at < 5000; at++) yield sampleRoute()
        throw new Error('table gone')
      },
    }
    await expect(fetchUnix(socket, '/v1/routes')).rejects.toThrow()
    expect(failures).toEqual(['GET /v1/routes: Error: table gone'])
  })
})

describe('a view that fails', () => {
  it('is answered with 500 without its message, told to the daemon, and the server goes on', async () => {
    views.status = () => {
      throw new Error('secret detail')
    }
    const reply = await fetchUnix(socket, '/v1/status')
    expect(reply.status).toBe(500)
    expect(reply.text).not.toContain('secret')
    expect(failures).toEqual(['GET /v1/status: Error: secret detail'])
    expect((await fetchUnix(socket, '/v1/peers')).status).toBe(200)
  })
})

describe('the OpenAPI document', () => {
  it('describes every endpoint and resolves every reference', async () => {
    const reply = await fetchUnix(socket, '/v1/openapi.json')
    const document = z
      .object({
        openapi: z.string(),
        info: z.object({ version: z.string() }),
        paths: z.record(z.string(), z.unknown()),
        components: z.object({ schemas: z.record(z.string(), z.looseObject({})) }),
      })
      .parse(JSON.parse(reply.text))
    expect(document.openapi).toBe('3.1.0')
    expect(document.info.version).toBe('1.2.3')
    expect(Object.keys(document.paths).sort()).toEqual(ENDPOINTS.map(row => row.path).sort())
    const references = [...reply.text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(match => match[1])
    for (const name of references) expect(document.components.schemas).toHaveProperty(name ?? '')
    expect(references).toContain('RouteRow')
    expect(reply.text).not.toContain('$schema')
  })

  it('lists the query of routes with its words', async () => {
    const { text } = await fetchUnix(socket, '/v1/openapi.json')
    const document = JSON.parse(text)
    const parameters: { name: string; schema: unknown }[] = document.paths['/v1/routes'].get.parameters
    expect(parameters.map(({ name }) => name)).toEqual([
      'family',
      'prefix',
      'longest',
      'peer',
      'source',
      'best',
      'rejected',
      'limit',
    ])
    expect(parameters[0]?.schema).toMatchObject({ enum: ['ipv4-unicast', 'ipv6-unicast'] })
  })
})

/** Waits until a number stops growing for a few turns. */
async function quiet(read: () => number): Promise<void> {
  let last = -1
  for (let still = 0; still < 200; still++) {
    await nextTurn()
    if (read() !== last || last === 0) still = 0
    last = read()
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn()
}
