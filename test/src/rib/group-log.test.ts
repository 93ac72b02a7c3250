import { describe, expect, it } from 'vitest'
import { ChunkWriter, GroupLog, readChunk } from '../../../src/rib/group-log.ts'

function read(segments: number[], id: number, bytes = Uint8Array.from({ length: 10 }, (_, i) => i)): number[][] {
  const pieces: number[][] = []
  readChunk(bytes, segments, id, piece => pieces.push([...piece]))
  return pieces
}

describe('a chunk of the log', () => {
  it('is handed out as the identical array when all of it concerns the reader', () => {
    const bytes = new Uint8Array(10)
    const pieces: Uint8Array[] = []
    expect(readChunk(bytes, [4, 7, 10, 0], 8, piece => pieces.push(piece))).toBe(true)
    expect(pieces).toHaveLength(1)
    expect(pieces[0]).toBe(bytes)
  })

  it.each([
    [
      'everyone but 7',
      [3, 0, 6, 7, 10, 0],
      7,
      [
        [0, 1, 2],
        [6, 7, 8, 9],
      ],
    ],
    ['only 7, for 7', [3, 0, 6, -7, 10, 0], 7, [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]],
    [
      'only 7, for another',
      [3, 0, 6, -7, 10, 0],
      8,
      [
        [0, 1, 2],
        [6, 7, 8, 9],
      ],
    ],
    ['nothing for the reader', [10, 7], 7, []],
    ['several stretches next to each other', [2, 7, 4, -9, 6, 7, 10, 0], 7, [[6, 7, 8, 9]]],
  ])('gives each reader what concerns it: %s', (_, segments, id, wanted) => {
    expect(read(segments, id)).toEqual(wanted)
  })
})

describe('a log', () => {
  it('merges segments for the same readers and starts a new chunk when a slab is full', () => {
    const log = new GroupLog(4096)
    const first = log.tail
    for (let i = 0; i < 40; i++) {
      log.writer.room(4096)
      log.writer.end(log.writer.offset + 4000, i < 10 ? 3 : 0)
    }
    log.writer.seal()
    expect(first.segments).toEqual([40_000, 3, 64_000, 0])
    expect(first.next?.bytes.length).toBe(64_000)
    expect(log.octets).toBe(160_000)
    expect(log.tail.next).toBeUndefined()
  })

  it('goes on in the same slab after a seal, without touching what was sealed', () => {
    const taken: Uint8Array[] = []
    const writer = new ChunkWriter(4096, { take: bytes => taken.push(bytes) })
    for (const octet of [1, 2]) {
      writer.room(10)
      writer.buffer.fill(octet, writer.offset, writer.offset + 10)
      writer.end(writer.offset + 10, 0)
      writer.seal()
    }
    writer.seal()
    expect(taken.map(bytes => [...bytes])).toEqual([new Array(10).fill(1), new Array(10).fill(2)])
    expect(taken[0]?.buffer).toBe(taken[1]?.buffer)
  })
})
