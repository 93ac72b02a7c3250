/** `godwit decode --mrt-text` against what bgpdump 1.6.2 prints with -m, line for line. All files, since that takes seconds. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS, decodeFile } from '../../src/decode/index.ts'
import { hasSharedCorpus, loadDifferences, mrtCases } from '../support/decode-corpus.ts'

interface Difference {
  readonly source: string
  /** Lines only bgpdump prints, and only we. */
  readonly theirs: number
  readonly ours: number
  readonly theirLine: string
  readonly ourLine: string
  readonly reason: string
}

const differences = loadDifferences<Difference>('mrt/differences.json')
const cases = mrtCases()

async function mrtText(path: string): Promise<string> {
  const chunks: string[] = []
  const output = { write: (text: string) => void chunks.push(text), complain: () => undefined }
  await decodeFile(
    path,
    undefined,
    { form: 'mrt-text', options: DEFAULT_OPTIONS, content: { kind: 'messages' } },
    output,
  )
  return chunks.join('')
}

/** The lines only one side has: by number in texts of equal length, else by going on at the nearest agreement. */
function differ(theirs: readonly string[], ours: readonly string[]): { theirs: string[]; ours: string[] } {
  if (theirs.length === ours.length) {
    const isChanged = (_: string, index: number): boolean => theirs[index] !== ours[index]
    return { theirs: theirs.filter(isChanged), ours: ours.filter(isChanged) }
  }
  const only = { theirs: [] as string[], ours: [] as string[] }
  let at = 0
  let our = 0
  while (at < theirs.length || our < ours.length) {
    if (theirs[at] === ours[our]) {
      at++
      our++
      continue
    }
    const [skipTheirs, skipOurs] = nearestAgreement(theirs, ours, at, our)
    only.theirs.push(...theirs.slice(at, at + skipTheirs))
    only.ours.push(...ours.slice(our, our + skipOurs))
    at += skipTheirs
    our += skipOurs
  }
  return only
}

function nearestAgreement(
  theirs: readonly string[],
  ours: readonly string[],
  at: number,
  our: number,
): [number, number] {
  for (let total = 1; total <= 100; total++) {
    for (let skip = 0; skip <= total; skip++) {
      const line = theirs[at + skip]
      if (line !== undefined && line === ours[our + total - skip]) return [skip, total - skip]
    }
  }
  return [theirs.length - at, ours.length - our]
}

const lines = (text: string): string[] => text.split('\n').slice(0, -1)

describe('MRT files in the words of bgpdump', () => {
  it('are the 28 of the corpus, or those committed here', () => {
    expect(cases.length).toBe(hasSharedCorpus ? 28 : 13)
  })

  it.each(cases)('$source', async ({ source, path, sha256, expected }) => {
    const ours = await mrtText(path)
    const known = differences.find(difference => difference.source === source)
    const isEqual = createHash('sha256').update(ours).digest('hex') === sha256
    if (known === undefined) {
      const theirs = expected()
      if (!isEqual && theirs !== undefined) expect(differ(lines(theirs), lines(ours))).toEqual({ theirs: [], ours: [] })
      expect(isEqual).toBe(true)
      return
    }
    const only = differ(lines(expected() ?? ''), lines(ours))
    expect({ theirs: only.theirs.length, ours: only.ours.length }).toEqual({ theirs: known.theirs, ours: known.ours })
    expect(only.theirs.filter(line => !new RegExp(known.theirLine).test(line))).toEqual([])
    expect(only.ours.filter(line => !new RegExp(known.ourLine).test(line))).toEqual([])
  })

  it('differ for a reason that is written down', () => {
    for (const { reason } of differences) expect(reason).toMatch(/RFC \d+/)
  })
})
