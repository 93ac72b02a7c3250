import { describe, expect, it } from 'vitest'
import { FetchAhead } from '../../../src/table/fetch-ahead.ts'

/** An array that notes where it was written. */
function spied(length: number): { column: Float64Array<ArrayBuffer>; writes: number[] } {
  const writes: number[] = []
  const column = new Proxy(new Float64Array(length), {
    get: (target, name) => Reflect.get(target, name, target) as unknown,
    set: (target, name, value: number) => {
      writes.push(Number(name))
      return Reflect.set(target, name, value, target)
    },
  })
  return { column, writes }
}

describe('memory fetched ahead', () => {
  it('touches each page of each array once, a page a call, and then rests', () => {
    const [first, second] = [spied(2048), spied(1024)]
    const ahead = new FetchAhead({ first: first.column, second: second.column }, 1)
    ahead.touch()
    expect([first.writes, second.writes]).toEqual([[0], []])
    for (let calls = 0; calls < 20; calls++) ahead.touch()
    expect([first.writes, second.writes]).toEqual([
      [0, 512, 1024, 1536],
      [0, 512],
    ])
  })

  it('stops at the share that will be written at once', () => {
    const { column, writes } = spied(2048)
    const ahead = new FetchAhead({ column }, 1 / 2)
    for (let calls = 0; calls < 20; calls++) ahead.touch()
    expect(writes).toEqual([0, 512])
  })
})
