import { describe, expect, it } from 'vitest'
import { AttributeStore } from '../../../src/rib/attribute-store.ts'
import { randomFrom } from '../../support/rib-random-parts.ts'

const bytes = (...octets: number[]) => Uint8Array.from(octets)

function add(store: AttributeStore, source: number, key: Uint8Array): number {
  const known = store.probe(source, key, 0, key.length)
  const set = known === 0 ? store.insert(source, key.length) : known
  store.retain(set)
  return set
}

const contentOf = (store: AttributeStore, set: number) =>
  store.bytes.slice(store.startOf(set), store.startOf(set) + store.lengthOf(set))

describe('the attribute store', () => {
  it('gives equal bytes of one source one number, and other sources their own', () => {
    const store = new AttributeStore(1, 64, () => {})
    const first = add(store, 20, bytes(1, 2, 3, 4, 5))
    expect(add(store, 20, bytes(1, 2, 3, 4, 5))).toBe(first)
    expect(add(store, 21, bytes(1, 2, 3, 4, 5))).not.toBe(first)
    expect(add(store, 20, bytes(1, 2, 3, 4))).not.toBe(first)
    expect([store.sourceOf(first), store.lengthOf(first), store.referencesOf(first)]).toEqual([20, 5, 2])
  })

  it('tells apart what differs in the last octet of a word only, padding included', () => {
    const store = new AttributeStore(1, 64, () => {})
    const sets = [bytes(1, 2, 3), bytes(1, 2, 3, 0), bytes(1, 2, 3, 4), bytes(1, 2, 4)].map(key => add(store, 20, key))
    expect(new Set(sets).size).toBe(4)
  })

  it('holds exactly what has references, under random operations', () => {
    const random = randomFrom(4)
    const released: number[] = []
    const store = new AttributeStore(9, 64, set => released.push(set))
    const model = new Map<string, { set: number; references: number }>()
    let octets = 0
    for (let step = 0; step < 30_000; step++) {
      const length = 1 + Math.floor(random() * 60)
      const key = new Uint8Array(length).fill(Math.floor(random() * 8))
      const source = 60_000 + Math.floor(random() * 3)
      const name = `${source} ${key.join()}`
      const known = model.get(name)
      if (random() < 0.55) {
        const set = add(store, source, key)
        if (known === undefined) {
          model.set(name, { set, references: 1 })
          octets += length
        } else {
          expect(set).toBe(known.set)
          known.references++
        }
      } else if (known !== undefined) {
        store.release(known.set)
        if (--known.references === 0) {
          expect(released.pop()).toBe(known.set)
          model.delete(name)
          octets -= length
        }
      }
    }
    expect([store.size, store.octets]).toEqual([model.size, octets])
    for (const [name, { set }] of model) expect(`${store.sourceOf(set)} ${contentOf(store, set).join()}`).toBe(name)
  })

  it('keeps a set alive while one derived from it is, and finds the derived one by its verdict only', () => {
    const store = new AttributeStore(1, 64, () => {})
    const origin = add(store, 20, bytes(1, 2, 3))
    const derived = store.insertDerived(origin, 5, bytes(9, 9, 9, 9, 9), 5)
    const other = store.insertDerived(origin, 6, bytes(8), 1)
    store.retain(derived)
    store.retain(other)
    store.release(origin)
    expect(store.size).toBe(3)
    expect([store.derived(origin, 5), store.derived(origin, 6), store.derived(origin, 7)]).toEqual([derived, other, 0])
    expect(store.probe(20, bytes(9, 9, 9, 9, 9), 0, 5)).toBe(0)
    expect([...contentOf(store, derived)]).toEqual([9, 9, 9, 9, 9])
    store.release(other)
    expect([store.derived(origin, 5), store.derived(origin, 6), store.size]).toEqual([derived, 0, 2])
    store.release(derived)
    expect(store.size).toBe(0)
  })

  it('holds blocks of every length up to 65535 octets', () => {
    const store = new AttributeStore(1, 64, () => {})
    for (const length of [1, 15, 16, 17, 255, 4096, 65535]) {
      const key = new Uint8Array(length).fill(length)
      const set = add(store, 20, key)
      expect(contentOf(store, set)).toEqual(key)
      expect(store.probe(20, key, 0, length)).toBe(set)
    }
  })
})
