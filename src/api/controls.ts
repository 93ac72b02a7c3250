/**
 * What the control API may do to a running speaker, as views.ts is what it may see. The daemon implements it and hands it in; a speaker that was not started
 * from a file has none, and the endpoints say so.
 */
import type { Impact, ReloadReport } from './schema.ts'

export interface ReloadRequest {
  /** Only say what would happen. */
  readonly dryRun: boolean
  /** Refuse to do more than this to sessions that are up. */
  readonly maxImpact: Impact
}

export interface Controls {
  /** Reads the configuration again and applies what differs, or refuses and changes nothing. Never throws on anything a file can hold. */
  reload(request: ReloadRequest): ReloadReport
}
