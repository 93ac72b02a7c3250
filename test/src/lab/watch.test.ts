import { describe, expect, it } from 'vitest'
import { Watch } from '../../../src/lab/watch.ts'

const PREFIX = '10.65.1.1/32'

describe('a watch', () => {
  it('answers with the time of the sighting that brought the gateway', async () => {
    const watch = new Watch()
    const arrival = watch.until('node-2', PREFIX, '10.0.0.1', 1000)
    watch.see({ node: 'node-3', prefix: PREFIX, gateway: '10.0.0.1', atMs: 5 })
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: '10.0.0.9', atMs: 6 })
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: '10.0.0.1', atMs: 7 })
    expect(await arrival).toBe(7)
  })

  it('answers at once when it is so already', async () => {
    const watch = new Watch()
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: '10.0.0.1', atMs: 7 })
    expect(await watch.until('node-2', PREFIX, '10.0.0.1', 1000)).toBe(7)
  })

  it('answers with the time a route went', async () => {
    const watch = new Watch()
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: '10.0.0.1', atMs: 7 })
    const departure = watch.until('node-2', PREFIX, undefined, 1000)
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: undefined, atMs: 9 })
    expect(await departure).toBe(9)
  })

  it('answers with undefined when nothing comes in time', async () => {
    expect(await new Watch().until('node-2', PREFIX, '10.0.0.1', 1)).toBeUndefined()
  })

  it('counts departures, but neither replacements nor removals of what was never there', () => {
    const watch = new Watch()
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: undefined, atMs: 1 })
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: '10.0.0.1', atMs: 2 })
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: '10.0.0.3', atMs: 3 })
    expect(watch.departuresFrom('node-2')).toBe(0)
    watch.see({ node: 'node-2', prefix: PREFIX, gateway: undefined, atMs: 4 })
    expect(watch.departuresFrom('node-2')).toBe(1)
  })
})
