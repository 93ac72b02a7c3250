/** A routing port without routes: it keeps what it is given, and hands out what a test puts in. */
import type { Negotiated } from '../../fsm/index.ts'
import type { RoutingPort, SessionEndpoints } from '../../src/net/routing-port.ts'
import type { Family, Notification } from '../../wire/index.ts'

export interface FakeHandle {
  readonly peer: string
  readonly negotiated: Negotiated
  readonly endpoints: SessionEndpoints
  /** UPDATEs received, without header. */
  readonly updates: Uint8Array[]
  readonly refreshed: Family[]
  /** Marks of RFC 7313: "begin ipv4-unicast". */
  readonly marks: string[]
  /** What is to be sent. */
  outbox: Uint8Array[]
  isDown: boolean
}

export class FakeRouting implements RoutingPort<FakeHandle> {
  readonly handles: FakeHandle[] = []
  pending = false
  workCount = 0
  /** Called inside `work`. */
  onWork: () => void = () => {}
  /** Called for every UPDATE; what it returns or throws is the answer. */
  onUpdate: (handle: FakeHandle, update: Uint8Array) => Notification | undefined = () => undefined
  /** Called before every piece. */
  onPull: (handle: FakeHandle) => void = () => {}
  onEstablished: (peer: string) => void = () => {}

  /** The newest session of a peer that is up. */
  up(peer: string): FakeHandle | undefined {
    return this.handles.findLast(handle => handle.peer === peer && !handle.isDown)
  }

  /** Has a piece sent to every peer that is up, as a flush would. The caller wakes the PeerSet. */
  announce(piece: Uint8Array): void {
    this.pending = true
    this.#announced.push(piece)
  }

  #announced: Uint8Array[] = []

  established(peer: string, negotiated: Negotiated, endpoints: SessionEndpoints): FakeHandle {
    this.onEstablished(peer)
    const handle: FakeHandle = {
      peer,
      negotiated,
      endpoints,
      updates: [],
      refreshed: [],
      marks: [],
      outbox: [],
      isDown: false,
    }
    this.handles.push(handle)
    return handle
  }

  update(handle: FakeHandle, bytes: Uint8Array, start: number, end: number): Notification | undefined {
    const update = Uint8Array.from(bytes.subarray(start, end))
    handle.updates.push(update)
    return this.onUpdate(handle, update)
  }

  refresh(handle: FakeHandle, family: Family): void {
    handle.refreshed.push(family)
  }

  refreshBegins(handle: FakeHandle, family: Family): void {
    handle.marks.push(`begin ${family.name}`)
  }

  refreshEnds(handle: FakeHandle, family: Family): void {
    handle.marks.push(`end ${family.name}`)
  }

  down(handle: FakeHandle): void {
    handle.isDown = true
  }

  work(): void {
    this.workCount++
    this.pending = false
    for (const piece of this.#announced.splice(0)) {
      for (const handle of this.handles) if (!handle.isDown) handle.outbox.push(piece)
    }
    this.onWork()
  }

  pull(handle: FakeHandle, write: (bytes: Uint8Array) => void): boolean {
    this.onPull(handle)
    const piece = handle.outbox.shift()
    if (piece !== undefined) write(piece)
    return handle.outbox.length > 0
  }
}
