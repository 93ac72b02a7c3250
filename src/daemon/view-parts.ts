/** What the views are made from: the parts of one speaker. */
import type { Config } from '../config/index.ts'
import type { PeerSet } from '../net/index.ts'
import type { PeerId, Rib } from '../rib/index.ts'
import type { KernelCoupling } from './kernel-coupling.ts'
import type { Routing } from './routing.ts'

export interface ViewParts {
  readonly config: Config
  readonly rib: Rib
  readonly routing: Routing
  readonly peers: PeerSet<PeerId>
  readonly kernel: KernelCoupling | undefined
  readonly configPath: string
  readonly version: string
}
