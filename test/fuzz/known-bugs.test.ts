/**
 * The messages that broke FRR, GoBGP, BIRD, OpenBGPD, Quagga and others, one test each: they are survived in every session,
 * and where an RFC says what an external four-octet session must do with them, that is what happens.
 */
import { describe, expect, it } from 'vitest'
import { decodeUpdate } from '../../wire/index.ts'
import { CONTEXTS, contextOf } from './context.ts'
import { knownBugs } from './known-bugs.ts'
import { TARGETS } from './targets.ts'

const EBGP = CONTEXTS.findIndex(({ name }) => name === 'ebgp')

describe('a message that broke somebody', () => {
  it.each(knownBugs())('$name is survived in every session', ({ bytes }) => {
    for (const target of TARGETS) {
      for (const input of target.seeds([bytes])) target.run(input, true)
      if (!['message', 'attributes', 'raw'].includes(target.name)) continue
      for (const context of CONTEXTS.keys()) target.run({ context, bytes }, true)
    }
  })

  const stated = knownBugs().filter(({ outcome }) => outcome !== undefined)
  it.each(stated)('$name leads to $outcome', ({ bytes, outcome }) => {
    const result = decodeUpdate(bytes, 19, bytes.length, contextOf(EBGP))
    expect(result.ok ? result.value.action : 'reset').toBe(outcome)
  })
})
