/**
 * The table as `ip` last showed it, to say what changed since. Own writes are expected changes: they are taken in without being told, unless somebody
 * undid them meanwhile. Called by port.ts.
 */
import { FAMILIES, type Family } from '../../../wire/family.ts'
import { formatPrefix } from '../../../wire/prefix.ts'
import { IPV6_DEFAULT_METRIC } from '../constants.ts'
import type { AddressEvent, LinkEvent } from '../port.ts'
import { Op, RecordFlag, RouteRecords } from '../record.ts'
import { appendRow, type Json, keyOf, type linkOf, type RouteContext } from './json.ts'

type Link = ReturnType<typeof linkOf>

interface Entry {
  readonly row: Json
  readonly text: string
}

export class Snapshot {
  readonly #table: number
  #links: readonly Link[] = []
  #names = new Map<number, string>()
  #indexes = new Map<string, number>()
  /** By family index, then by `keyOf`. */
  #entries: Map<string, Entry>[] = FAMILIES.map(() => new Map())
  /** Own writes since the last look, by key: the record that was written. */
  #written = new Map<string, RouteRecords>()

  constructor(table: number) {
    this.#table = table
  }

  nameOf(index: number): string | undefined {
    return this.#names.get(index)
  }

  /** The write under the cursor was done. */
  wrote(records: RouteRecords): void {
    const { family, length } = records
    const metric = records.metric === 0 && family.words === 4 ? IPV6_DEFAULT_METRIC : records.metric
    const words = [records.word(0), records.word(1), records.word(2), records.word(3)].slice(0, family.words)
    const key = `${family.index} ${formatPrefix(family, words, length)} ${metric}`
    const copy = new RouteRecords(1).appendCopy(records)
    copy.legs = 0
    this.#written.set(key, copy)
  }

  setLinks(links: readonly Link[]): void {
    this.#links = links
    this.#names = new Map(links.map(({ link }) => [link.index, link.name]))
    this.#indexes = new Map(links.map(({ link }) => [link.name, link.index]))
  }

  /** What changed about links and addresses. */
  compareLinks(links: readonly Link[]): { links: LinkEvent[]; addresses: AddressEvent[] } {
    const before = this.#links
    this.setLinks(links)
    const known = new Set(before.map(({ link }) => textOf(link)))
    const left = new Set(links.map(({ link }) => link.index))
    const addressesBefore = new Map(before.flatMap(one => one.addresses).map(one => [textOf(one), one]))
    const addressesNow = new Map(links.flatMap(one => one.addresses).map(one => [textOf(one), one]))
    return {
      links: [
        ...before.filter(({ link }) => !left.has(link.index)).map(({ link }) => ({ ...link, kind: 'gone' as const })),
        ...links.filter(({ link }) => !known.has(textOf(link))).map(({ link }) => link),
      ],
      addresses: [
        ...[...addressesBefore]
          .filter(([key]) => !addressesNow.has(key))
          .map(([, one]) => ({ ...one, kind: 'gone' as const })),
        ...[...addressesNow].filter(([key]) => !addressesBefore.has(key)).map(([, one]) => one),
      ],
    }
  }

  /** Rows of a dump, by family, as records; they are the truth from now on, as far as the dump goes. */
  take(rows: readonly (readonly Json[])[], protocol: number): RouteRecords {
    const records = new RouteRecords(64)
    FAMILIES.forEach((family, at) => {
      for (const row of rows[at] ?? []) appendRow(records, Op.present, row, this.#context(family, protocol))
    })
    if (protocol === 0) {
      this.#entries = FAMILIES.map((family, at) => entriesOf(rows[at] ?? [], family))
      this.#written.clear()
    }
    return records
  }

  /** What changed about routes, as events. */
  compare(rows: readonly (readonly Json[])[]): RouteRecords {
    const events = new RouteRecords(64)
    FAMILIES.forEach((family, at) => {
      const before = this.#entries[at] ?? new Map<string, Entry>()
      const now = entriesOf(rows[at] ?? [], family)
      const context = this.#context(family, 0)
      for (const [key, { row }] of before) {
        if (!now.has(key) && !this.#isOwn(key, undefined)) appendRow(events, Op.gone, row, context)
      }
      for (const [key, { row, text }] of now) {
        const known = before.get(key)
        if (known?.text === text || this.#isOwn(key, row)) continue
        if (appendRow(events, Op.present, row, context) && known !== undefined) events.flags |= RecordFlag.replaced
      }
      this.#entries[at] = now
    })
    for (const [key, record] of this.#written) this.#undone(key, record.seek(0), events)
    this.#written.clear()
    return events
  }

  /** Is this change what we wrote? `row` undefined: the entry is gone. */
  #isOwn(key: string, row: Json | undefined): boolean {
    const written = this.#written.get(key)?.seek(0)
    if (written === undefined) return false
    return row === undefined ? written.op === Op.delete : Number(row['protocol']) === written.protocol
  }

  /** We wrote it, it was never seen, and it is not there: somebody removed it. */
  #undone(key: string, written: RouteRecords, events: RouteRecords): void {
    if (written.op === Op.delete || this.#entries[written.familyIndex]?.has(key)) return
    events.appendCopy(written)
    events.op = Op.gone
  }

  #context(family: Family, protocol: number): RouteContext {
    return { family, protocol, table: this.#table, indexOf: name => this.#indexes.get(name) ?? 0 }
  }
}

/** Rows by key; several of one key are told apart by their order. */
function entriesOf(rows: readonly Json[], family: Family): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const row of rows) {
    let key = keyOf(row, family)
    while (entries.has(key)) key += '+'
    entries.set(key, { row, text: JSON.stringify(row) })
  }
  return entries
}

function textOf(value: LinkEvent | AddressEvent): string {
  return JSON.stringify(value, (_key, part: unknown) => (part instanceof Uint8Array ? [...part] : part))
}
