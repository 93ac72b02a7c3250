/** Writes down what the network side reports, one line an event. */
import type { NetObserver } from '../../src/net/observer.ts'

export class RecordingObserver implements NetObserver {
  readonly lines: string[] = []
  readonly faults: {
    readonly peer: string
    readonly error: Error
    readonly count: number
    readonly isFirst: boolean
  }[] = []

  readonly stateChanged: NetObserver['stateChanged'] = (peer, { from, to }) =>
    void this.lines.push(`${peer.name}: ${from} -> ${to}`)

  readonly notificationSent: NetObserver['notificationSent'] = (peer, { code, subcode }) =>
    void this.lines.push(`${peer.name}: sent ${code}/${subcode}`)

  readonly notificationReceived: NetObserver['notificationReceived'] = (peer, { code, subcode }) =>
    void this.lines.push(`${peer.name}: received ${code}/${subcode}`)

  readonly connectionRefused: NetObserver['connectionRefused'] = (address, reason, count) =>
    void this.lines.push(`refused ${address}: ${reason} ${count}`)

  readonly dialFailed: NetObserver['dialFailed'] = (peer, reason) =>
    void this.lines.push(`${peer.name}: dial failed: ${reason}`)

  readonly faulted: NetObserver['faulted'] = (peer, fault) => void this.faults.push({ peer: peer.name, ...fault })

  readonly listenerChanged: NetObserver['listenerChanged'] = ({ address, state }) =>
    void this.lines.push(`${address}: ${state}`)
}
