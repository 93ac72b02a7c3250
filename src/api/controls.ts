/**
 * What the control API may do to a running speaker, as views.ts is what it may see. The daemon implements it and hands it in; a speaker that was not started
 * from a file has none, and the endpoints say so.
 */
import type { Family } from '../../wire/family.ts'
import type { AdministrationReport, Impact, ReloadReport } from './schema.ts'

export interface ReloadRequest {
  /** Only say what would happen. */
  readonly dryRun: boolean
  /** Refuse to do more than this to sessions that are up. */
  readonly maxImpact: Impact
}

/** An order of an operator to peers that run. */
export type AdministrationRequest = {
  /** Name of a peer, which the server has checked; absent: all. */
  readonly peer?: string
} & (
  | {
      readonly action: 'disable' | 'restart'
      /** Sent with the Cease (RFC 9003): at most 255 octets of UTF-8, checked by the server. */
      readonly message?: string
    }
  | { readonly action: 'enable' }
  | {
      readonly action: 'refresh'
      /** `in`: the neighbour tells its routes again; `out`: we tell ours. */
      readonly direction: 'in' | 'out'
      /** Absent: all of the session. */
      readonly family?: Family
    }
)

export interface Controls {
  /** Has one peer, or all, do something at once. Never throws on what a peer is like. */
  administer(request: AdministrationRequest): AdministrationReport
  /** Reads the configuration again and applies what differs, or refuses and changes nothing. Never throws on anything a file can hold. */
  reload(request: ReloadRequest): ReloadReport
}
