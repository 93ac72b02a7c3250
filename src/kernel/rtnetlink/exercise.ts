/**
 * Exercise for the kernel worker: requests are written and read again, which is the form of notifications too, so that the first routes after a start
 * meet compiled code. Also the material for the other half, src/kernel/exercise.ts. Called by worker.ts; nothing is sent.
 */
import { FAMILIES, type Family } from '../../../wire/family.ts'
import { RouteKind } from '../constants.ts'
import type { PrefixKey } from '../prefix-state.ts'
import { BATCH_RECORDS, Op, RouteRecords } from '../record.ts'
import { MessageBuilder } from './builder.ts'
import { MessageReader } from './parser.ts'

const ROUNDS = 24

/** Two gateways a family, by its index, of documentation networks (RFC 5737, RFC 3849). */
export const GATEWAYS: readonly (readonly Uint8Array[])[] = [
  [2, 3].map(last => Uint8Array.of(192, 0, 2, last)),
  [2, 3].map(last => Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last)),
]

/** Steps of a millisecond or less. */
export function* exerciseMessages(): Generator<void> {
  const builder = new MessageBuilder(64 << 10)
  const reader = new MessageReader()
  for (let round = 0; round < ROUNDS; round++) {
    for (const family of FAMILIES) {
      const batch = exerciseRecords(exerciseKeys(family), Op.add, { protocol: 3, table: 254, interfaceIndex: 1 })
      const read = new RouteRecords(16)
      builder.clear()
      while (batch.nextRoute() && builder.room > MessageBuilder.routeOctets(0)) builder.route(batch, 1)
      reader.reset(builder.bytes, builder.length)
      while (reader.next()) reader.route(read)
      yield
    }
  }
}

/** Prefixes of a network for measurements (RFC 2544). */
export function exerciseKeys(family: Family): PrefixKey[] {
  return Array.from({ length: BATCH_RECORDS }, (_, i) => ({
    family,
    address0: 0xc6120000 + i,
    address1: 0,
    address2: 0,
    address3: 0,
    length: 32,
  }))
}

export function exerciseRecords(
  keys: readonly PrefixKey[],
  op: number,
  { protocol, table, interfaceIndex }: { protocol: number; table: number; interfaceIndex: number },
): RouteRecords {
  const records = new RouteRecords(keys.length)
  for (const { family, address0, length } of keys) {
    records.append(op)
    records.family = family
    records.setWord(0, address0)
    records.length = length
    records.kind = RouteKind.unicast
    records.protocol = protocol
    records.table = table
    records.metric = family.bits === 32 ? 0 : 1024
    records.interfaceIndex = interfaceIndex
    records.setGateway(GATEWAYS[family.index]?.[0] ?? new Uint8Array())
  }
  return records.rewind()
}
