/** What the views are made from: the parts of one speaker. */
import type { PeerSet } from '../net/index.ts'
import type { PeerId, Rib } from '../rib/index.ts'
import type { CurrentConfig } from './current-config.ts'
import type { KernelCoupling } from './kernel-coupling.ts'
import type { Routing } from './routing.ts'

export interface ViewParts {
  /** What runs now: a reload replaces it. */
  readonly current: CurrentConfig
  readonly rib: Rib
  readonly routing: Routing
  readonly peers: PeerSet<PeerId>
  readonly kernel: KernelCoupling | undefined
  readonly configPath: string
  readonly version: string
}
