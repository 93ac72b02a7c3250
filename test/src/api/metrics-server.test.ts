import { get } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startMetricsServer } from '../../../src/api/metrics-server.ts'
import type { RunningServer } from '../../../src/api/server.ts'
import { SampleViews } from './sample-views.ts'

const metrics = { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: async () => 'godwit_test 1\n' }

let views: SampleViews
let server: RunningServer

beforeEach(async () => {
  views = new SampleViews()
  server = await startMetricsServer({ address: '127.0.0.1', port: 0, metrics, views })
})

afterEach(() => server.close())

function fetchPath(path: string, host?: string): Promise<{ status: number; text: string; type: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host }
    get(`http://${server.address}${path}`, { agent: false, headers }, response => {
      let text = ''
      response.on('data', piece => {
        text += String(piece)
      })
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text, type: response.headers['content-type'] })
      })
    }).on('error', reject)
  })
}

describe('the metrics server', () => {
  it('serves the page with its own content type', async () => {
    const reply = await fetchPath('/metrics')
    expect(reply).toEqual({ status: 200, text: 'godwit_test 1\n', type: metrics.contentType })
  })

  it('is healthy while the event loop turns', async () => {
    const reply = await fetchPath('/healthz')
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.text)).toMatchObject({ alive: true })
  })

  it('is not healthy when the heartbeat of the event loop is too old', async () => {
    const now = performance.now()
    const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 6000)
    const reply = await fetchPath('/healthz')
    clock.mockRestore()
    expect(reply.status).toBe(503)
    expect(JSON.parse(reply.text)).toMatchObject({ alive: false })
  })

  it('is ready when the speaker says so, and else says why not', async () => {
    expect((await fetchPath('/readyz')).status).toBe(200)
    views.isReady = false
    const reply = await fetchPath('/readyz')
    expect(reply.status).toBe(503)
    expect(JSON.parse(reply.text)).toEqual({ ready: false, reasons: ['no peer is Established'] })
  })

  it('knows no other page', async () => {
    expect((await fetchPath('/v1/peers')).status).toBe(404)
  })

  it.each(['localhost:9179', '127.0.0.1', '[::1]:9179'])('answers a request addressed to %s', async host => {
    expect((await fetchPath('/healthz', host)).status).toBe(200)
  })

  it('refuses a web page that reaches it under another name', async () => {
    const reply = await fetchPath('/metrics', 'evil.example:9179')
    expect(reply.status).toBe(403)
    expect(JSON.parse(reply.text)).toMatchObject({ error: { code: 'host-not-allowed' } })
  })

  it('refuses a header of 20 KiB', async () => {
    const text = await raw(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1\.1 431/)
  })

  it('survives what is not HTTP', async () => {
    expect(await raw('\u0016\u0003\u0001\u0002\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    expect((await fetchPath('/healthz')).status).toBe(200)
  })

  it.each([
    ['metrics-address-in-use', async () => Number(server.address.split(':')[1]), '127.0.0.1'],
    ['metrics-address-not-here', async () => 0, '192.0.2.1'],
  ])('gives the reason %s when it cannot listen', async (code, port, address) => {
    const options = { address, port: await port(), metrics, views }
    await expect(startMetricsServer(options)).rejects.toMatchObject({
      code,
      hint: expect.stringContaining('api.metrics'),
    })
  })
})

function raw(text: string): Promise<string> {
  return new Promise(resolve => {
    const [host, port] = server.address.split(':')
    const socket = connect(Number(port), host)
    let received = ''
    socket.on('data', piece => {
      received += String(piece)
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(text)
  })
}
