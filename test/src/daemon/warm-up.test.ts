import { describe, expect, it } from 'vitest'
import { warmUp } from '../../../src/daemon/warm-up.ts'

describe('the warm-up', () => {
  it('runs to its end, and lets others have turns of the loop meanwhile', async () => {
    let turns = 0
    let isOver = false
    const count = (): void => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    await warmUp({ hasKernel: true })
    isOver = true
    expect(turns).toBeGreaterThan(3)
  })
})
