/**
 * The RFC 7606 cases of FRR and OpenBGPD, which the testbed runs against a live speaker, judged here by the decoder
 * alone. Where we differ, fixtures/messages/foreign-disagreements.json has the RFC that decides.
 */

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MODERN_CONTEXT } from '../../wire/index.ts'
import { hex } from '../support/wire-bytes.ts'
import { read } from '../support/wire-vectors.ts'

interface Case {
  readonly id: string
  readonly peer: 'ebgp' | 'ibgp'
  readonly send: readonly string[]
  readonly expect: readonly { readonly kind: string }[]
}

const FILE = new URL('../../../shared/corpus/foreign-cases.jsonl', import.meta.url)
const cases: readonly Case[] = !existsSync(FILE)
  ? []
  : readFileSync(FILE, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
const listed: readonly { readonly case: string; readonly ours: string; readonly rfc: string }[] = JSON.parse(
  readFileSync(new URL('../../fixtures/messages/foreign-disagreements.json', import.meta.url), 'utf8'),
)

/** `kept` is a session that lives; so is whatever does not reset it. */
const isMet = (kind: string, ours: string): boolean =>
  kind === ours || (kind === 'notify' && ours === 'session-reset') || (kind === 'kept' && ours !== 'session-reset')

describe.skipIf(cases.length === 0)('the live cases of other projects (skipped without the corpus)', () => {
  it.each(cases.map(one => [one.id, one] as const))('%s', (id, { peer, send, expect: wanted }) => {
    const outcomes = send.map(octets => read(hex(octets), { ...MODERN_CONTEXT, peerKind: peer }).outcome)
    const ours = outcomes.at(-1) ?? 'accept'
    const disagreement = listed.find(one => one.case === id)
    if (disagreement === undefined)
      expect(
        wanted.some(({ kind }) => isMet(kind, ours)),
        `${ours}`,
      ).toBe(true)
    else expect([ours, disagreement.rfc]).toEqual([disagreement.ours, expect.stringMatching(/^RFC \d+ /)])
  })
})
