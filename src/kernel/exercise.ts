/**
 * Exercise for the kernel side before the first route comes: wishes, answers and notifications run through books that nobody sees and that are thrown
 * away, so that the first routes after a start meet compiled code (see src/daemon/warm-up.ts for why that matters).
 *
 * Steps are well below a millisecond once they are warm; the caller lets everybody else have a turn between them. Called by the daemon's warm-up; the
 * worker has an exercise of its own in rtnetlink/exercise.ts.
 */
import { FAMILIES, type Family } from '../../wire/family.ts'
import { Interfaces } from './interfaces.ts'
import { KernelLearn } from './learn.ts'
import { fanOut, type KernelListener, type KernelPort } from './port.ts'
import type { PrefixKey } from './prefix-state.ts'
import { Op, type RouteRecords } from './record.ts'
import { exerciseKeys, exerciseRecords, GATEWAYS } from './rtnetlink/exercise.ts'
import { KernelSync } from './sync.ts'
import type { KernelTarget } from './target.ts'

const ROUNDS = 6
const TABLE = 254
const OWN = 12
const FOREIGN = 3
const LINK = { kind: 'present', index: 1, name: 'exercise', isUp: true, isRunning: true } as const
/** A kernel that does everything it is told, when it is asked for answers. */
class Obedient implements KernelPort {
  readonly #batches: RouteRecords[] = []
  #listener: Partial<KernelListener> = {}

  start(listener: Partial<KernelListener>): Promise<void> {
    this.#listener = listener
    return Promise.resolve()
  }
  submit(batch: RouteRecords): void {
    this.#batches.push(batch)
  }
  dump(): void {}
  close(): Promise<void> {
    return Promise.resolve()
  }

  /** False when nothing is on its way. */
  answer(): boolean {
    const batch = this.#batches.shift()
    if (batch !== undefined) this.#listener.written?.(batch.rewind(), [''])
    return batch !== undefined
  }
}

export function* exerciseKernel(): Generator<void> {
  const port = new Obedient()
  const interfaces = new Interfaces()
  const common = { protocol: OWN, table: TABLE, seed: 1 }
  const sink = { announce: () => {}, withdraw: () => {} }
  const learn = new KernelLearn(port, interfaces, { ...common, learnAliens: true, directInterfaces: ['*'] }, sink)
  const sync = new KernelSync(port, interfaces, { ...common, metric: 0, underlay: learn.underlay })
  const listener = fanOut(interfaces, learn, sync)
  void port.start(listener)
  listener.dumpStarted({ protocol: 0, reason: 'exercise' })
  listener.links([LINK])
  listener.addresses(
    FAMILIES.map(({ index, bits }) => {
      const subnet = GATEWAYS[index]?.[0] ?? new Uint8Array()
      return { kind: 'present', interfaceIndex: LINK.index, address: subnet, subnet, length: bits - 8 }
    }),
  )
  listener.dumpFinished({ protocol: 0, reason: 'exercise' })
  sync.recovered()
  for (let round = 0; round < ROUNDS; round++) {
    for (const family of FAMILIES) {
      const keys = exerciseKeys(family)
      for (const target of targetsOf(family)) {
        yield* inParts(keys, key => sync.desire(key, target), sync)
        while (port.answer()) yield
      }
      for (const op of [Op.gone, Op.present]) {
        for (const protocol of [FOREIGN, OWN]) {
          listener.routes(
            exerciseRecords(keys.slice(0, 256), op, { protocol, table: TABLE, interfaceIndex: LINK.index }),
          )
          yield
        }
        while (port.answer()) yield
      }
      yield* inParts(keys, key => sync.undesire(key), sync)
      while (port.answer()) yield
    }
  }
}

function* inParts(keys: readonly PrefixKey[], each: (key: PrefixKey) => void, sync: KernelSync): Generator<void> {
  for (let at = 0; at < keys.length; at += 256) {
    for (const key of keys.slice(at, at + 256)) each(key)
    sync.commit()
    yield
  }
}

function targetsOf(family: Family): KernelTarget[] {
  return (GATEWAYS[family.index] ?? []).map(gateway => ({
    type: 'unicast',
    nextHops: [{ gateway, interfaceIndex: 0, isOnlink: false }],
  }))
}
