import { describe, expect, it } from 'vitest'
import { Deadlines, jitter, millis } from '../../fsm/deadlines.ts'

const both = () => new Deadlines(['hold', 'keepalive'] as const)

describe('deadlines', () => {
  it('have nothing next when none is armed', () => {
    expect(both().next()).toBeUndefined()
    expect(both().expired(millis(1e12))).toBeUndefined()
  })

  it('tell the earliest of those armed', () => {
    const deadlines = both()
    deadlines.set('hold', millis(90))
    deadlines.set('keepalive', millis(30))
    expect(deadlines.next()).toBe(30)
    deadlines.clear('keepalive')
    expect(deadlines.next()).toBe(90)
  })

  it('expire at their instant, and not a moment before', () => {
    const deadlines = both()
    deadlines.set('hold', millis(90))
    expect(deadlines.expired(millis(89.999))).toBeUndefined()
    expect(deadlines.expired(millis(90))).toBe('hold')
    expect(deadlines.isDue('hold', millis(90))).toBe(true)
    expect(deadlines.isDue('keepalive', millis(90))).toBe(false)
  })

  it('stay expired until cleared or set anew', () => {
    const deadlines = both()
    deadlines.set('hold', millis(90))
    expect(deadlines.expired(millis(95))).toBe('hold')
    expect(deadlines.expired(millis(95))).toBe('hold')
    deadlines.set('hold', millis(185))
    expect(deadlines.expired(millis(95))).toBeUndefined()
  })

  it('expire earliest first, and in the order of their names when at the same instant', () => {
    const deadlines = both()
    deadlines.set('hold', millis(10))
    deadlines.set('keepalive', millis(5))
    expect(deadlines.expired(millis(20))).toBe('keepalive')
    deadlines.set('keepalive', millis(10))
    expect(deadlines.expired(millis(20))).toBe('hold')
  })

  it('list what is armed, and nothing after clearAll', () => {
    const deadlines = both()
    deadlines.set('keepalive', millis(0))
    expect(deadlines.list()).toEqual([{ name: 'keepalive', at: 0 }])
    expect(deadlines.at('keepalive')).toBe(0)
    deadlines.clearAll()
    expect(deadlines.list()).toEqual([])
    expect(deadlines.at('keepalive')).toBeUndefined()
  })
})

describe('jitter', () => {
  it.each([
    [0, 750],
    [0.5, 875],
    [1, 1000],
  ])('with a random number of %d makes %d ms of a second (RFC 4271 10)', (random, expected) => {
    expect(jitter(1000, () => random)).toBe(expected)
  })
})
