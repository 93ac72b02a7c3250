/**
 * Reads along with what a speaker writes, message by message, as a neighbour with the RFC in hand would: whole messages,
 * nobody blamed, no UPDATE without a session; and in UPDATEs the rules of reflection and of the borders of an AS, which
 * the comparison of tables at rest could only see the consequences of.
 * RFC 4271 5.1, RFC 4456 8, RFC 7606 5. Called by sockets for every write.
 */
import {
  type Attribute,
  decodeMessage,
  ErrorCode,
  HEADER_LENGTH,
  MARKER_LENGTH,
  MessageType,
  type Update,
} from '../../wire/index.ts'
import type { Routes, SimulatedSession } from './routes.ts'
import type { Scale } from './timing.ts'
import type { Site } from './topology.ts'
import { Violation } from './violation.ts'

/** What two healthy speakers may say to each other when they part. */
const HARMLESS: ReadonlySet<number> = new Set([
  ErrorCode.HOLD_TIMER_EXPIRED,
  ErrorCode.CEASE,
  ErrorCode.SEND_HOLD_TIMER_EXPIRED,
])

interface Watched {
  readonly scale: Scale
  readonly fail: (violation: Violation) => void
}

export class WireWatch {
  readonly #site: Site
  readonly #routes: Routes
  readonly #world: Watched

  constructor(site: Site, routes: Routes, world: Watched) {
    this.#site = site
    this.#routes = routes
    this.#world = world
  }

  /** What is written for the peer `name`. */
  wrote(name: string, bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const length = ((bytes[start + MARKER_LENGTH] ?? 0) << 8) | (bytes[start + MARKER_LENGTH + 1] ?? 0)
      const end = start + length
      if (bytes[start] !== 255 || length < HEADER_LENGTH || end > bytes.length) {
        this.#fail('no-protocol-error', `${name} is written no message at ${start}`)
        return
      }
      this.#message(name, bytes, start, end)
      start = end
    }
  }

  #message(name: string, bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start + HEADER_LENGTH - 1]
    if (type === MessageType.NOTIFICATION && !HARMLESS.has(bytes[start + HEADER_LENGTH] ?? 0)) {
      const what = `${bytes[start + HEADER_LENGTH]}/${bytes[start + HEADER_LENGTH + 1]}`
      this.#fail('no-protocol-error', `${name} is sent NOTIFICATION ${what}`)
    }
    if (type !== MessageType.UPDATE) return
    const session = this.#routes.sessions.get(name)
    if (session === undefined) {
      this.#fail('no-update-outside', name)
      return
    }
    if (!this.#world.scale.isWatched) return
    const decoded = decodeMessage(type, bytes, start, end, session.negotiated.codec)
    if (!decoded.ok) this.#fail('no-bad-update', `${name}: ${decoded.error.reason}`)
    else if (decoded.value.type === 'update') this.#update(session, decoded.value.update)
  }

  #update(session: SimulatedSession, update: Update): void {
    const { name } = session.place
    const { attributes, problems, action } = update
    if (action !== 'accept' || problems.length > 0) this.#fail('no-bad-update', `${name}: ${problems[0]?.reason}`)
    if (attributes.every(attribute => attribute.type === 'mp-unreach')) return
    const fault = session.place.isInternal ? this.#internalFault(attributes) : this.#externalFault(attributes)
    if (fault !== undefined) this.#fail('no-bad-update', `${name}: ${fault}`)
  }

  /** RFC 4456 8: both attributes of reflection together, our cluster first, none twice; and only a reflector reflects. */
  #internalFault(attributes: readonly Attribute[]): string | undefined {
    if (find(attributes, 'local-pref') === undefined) return 'LOCAL_PREF is missing'
    const clusters = find(attributes, 'cluster-list')?.ids
    const originator = find(attributes, 'originator-id')
    if ((clusters === undefined) !== (originator === undefined)) return 'half a reflection'
    if (clusters === undefined) return undefined
    if (this.#site.role !== 'reflector') return 'reflected by a node that is no reflector'
    if (clusters[0] !== this.#site.clusterId) return 'reflected without our cluster id'
    return new Set(clusters).size === clusters.length ? undefined : 'a cluster twice'
  }

  /** RFC 4271 5.1.2, 5.1.5: our AS first and once; what is ours alone stays inside. */
  #externalFault(attributes: readonly Attribute[]): string | undefined {
    for (const type of ['local-pref', 'cluster-list', 'originator-id'] as const) {
      if (find(attributes, type) !== undefined) return `${type} leaves the AS`
    }
    const path = find(attributes, 'as-path')?.segments.flatMap(segment => segment.asns) ?? []
    if (path[0] !== this.#site.asn) return 'our AS is not first'
    return path.lastIndexOf(this.#site.asn) === 0 ? undefined : 'our AS twice'
  }

  #fail(invariant: ConstructorParameters<typeof Violation>[0], detail: string): void {
    this.#world.fail(new Violation(invariant, detail))
  }
}

const find = <Type extends Attribute['type']>(
  attributes: readonly Attribute[],
  type: Type,
): Extract<Attribute, { readonly type: Type }> | undefined =>
  attributes.find((one): one is Extract<Attribute, { readonly type: Type }> => one.type === type)
