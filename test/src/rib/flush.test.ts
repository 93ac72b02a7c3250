/** The parts around the flush, put together by hand: what `Rib` does not let a test reach. */
import { describe, expect, it } from 'vitest'
import { BestRoutes } from '../../../src/rib/best-route.ts'
import { CatchUp } from '../../../src/rib/catch-up.ts'
import { Core } from '../../../src/rib/core.ts'
import { Flusher } from '../../../src/rib/flush.ts'
import { Groups } from '../../../src/rib/groups.ts'
import { ImportPolicy } from '../../../src/rib/import-policy.ts'
import { Ingest } from '../../../src/rib/ingest.ts'
import { Interner } from '../../../src/rib/interner.ts'
import { PATH_BATCH, PathTeller } from '../../../src/rib/path-teller.ts'
import { Limits } from '../../../src/rib/prefix-limit.ts'
import type { Reader } from '../../../src/rib/reader.ts'
import { Teller } from '../../../src/rib/teller.ts'
import { IPV4_UNICAST } from '../../../wire/index.ts'
import { attributes, key, OWN, peer } from '../../support/rib-fixture.ts'
import { buildUpdate, readMessages, type TestUpdate } from '../../support/rib-wire.ts'

const codec = { fourOctetAs: true }
const [p, q, r] = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'].map(key)
const description = peer(1, { families: [IPV4_UNICAST] })

class Parts {
  readonly core = new Core({ seed: 1, reserve: 64, stretch: 4096 })
  readonly #teller = new Teller(this.core, PATH_BATCH)
  readonly #pathTeller = new PathTeller(this.core, this.#teller)
  readonly groups: Groups
  readonly #flusher = new Flusher(
    this.core,
    { teller: this.#teller, pathTeller: this.#pathTeller },
    new BestRoutes(this.core),
  )
  readonly #interner = new Interner(this.core, OWN)
  readonly #ingest = new Ingest(this.core, {
    interner: this.#interner,
    policy: new ImportPolicy(this.core, this.#interner),
    limits: new Limits(this.core),
  })
  readonly #source = this.core.sources.add(description)

  constructor(limit: number) {
    this.groups = new Groups(this.core, new CatchUp(this.core, this.#teller, this.#pathTeller), {
      limit,
    })
  }

  join(): Reader {
    return this.groups.join(this.core.sources.add(description))
  }

  update(update: TestUpdate): void {
    const body = buildUpdate(update, codec)
    this.#ingest.update(this.#source, body, 0, body.length)
    this.#ingest.settle()
    this.#flusher.flush(this.groups)
    this.#flusher.recycle(this.groups)
  }

  announce(prefix: string | undefined, localPref = 100): void {
    this.update({ announced4: [prefix ?? ''], attributes: attributes({ localPref }) })
  }
}

/** Keeps a table up to date with the next piece there is to read; false when there is none. */
function readOnce(reader: Reader, table: Set<string>): boolean {
  return reader.pull(bytes => {
    for (const { withdrawn, announced } of readMessages(bytes, codec)) {
      for (const prefix of withdrawn) table.delete(prefix)
      for (const prefix of announced) table.add(prefix)
    }
  })
}

function read(reader: Reader, table: Set<string>): void {
  while (readOnce(reader, table));
}

describe('the flush and the scans', () => {
  it('start flush numbers over without a word to peers that are up to date, and without losing any of the others', () => {
    const parts = new Parts(1 << 20)
    parts.core.flushNumber = 1000
    parts.core.lastFlush = 1003
    const [prompt, behind, scanning] = [parts.join(), parts.join(), parts.join()]
    const tables = [new Set<string>(), new Set<string>(), new Set<string>()] as const
    read(prompt, tables[0])
    read(behind, tables[1])
    parts.announce(p)
    read(prompt, tables[0])
    read(behind, tables[1])
    parts.announce(q)
    parts.update({ withdrawn4: [p ?? ''] })
    read(prompt, tables[0])
    expect(parts.core.flushNumber).toBe(1003)
    parts.announce(r)
    expect(parts.core.flushNumber).toBe(2)
    for (const [i, reader] of [prompt, behind, scanning].entries()) read(reader, tables[i] ?? new Set())
    for (const table of tables) expect([...table].toSorted()).toEqual([q, r])
    parts.announce(p)
    for (const [i, reader] of [prompt, behind, scanning].entries()) read(reader, tables[i] ?? new Set())
    for (const table of tables) expect([...table].toSorted()).toEqual([p, q, r])
    expect(parts.core.tables[0]?.tombstones).toBe(0)
  })

  it('let a peer that lags in the middle of its scan finish it and then see what changed behind its back', () => {
    const parts = new Parts(500)
    parts.announce(p)
    for (let i = 0; i < 40; i++) {
      const announced4 = Array.from({ length: 250 }, (_, k) => key(`11.${i}.${k}.0/24`))
      parts.update({ announced4, attributes: attributes() })
    }
    const reader = parts.join()
    const table = new Set<string>()
    readOnce(reader, table)
    expect(table.has(p ?? '')).toBe(true)
    expect(table.size).toBeLessThan(5000)
    parts.update({ withdrawn4: [p ?? ''] })
    for (let i = 0; i < 20; i++) parts.announce(q, 200 + i)
    expect(reader.resyncs).toBeGreaterThan(0)
    read(reader, table)
    expect(table.has(p ?? '')).toBe(false)
    expect(table.size).toBe(10_001)
    parts.announce(r)
    expect(parts.core.tables[0]?.tombstones).toBe(0)
  })
})
