/** What a range of peers makes of whoever connects from it. Called when somebody does (peer-options.ts) and when a reload changes the range (routing.ts). */
import type { PeerConfig, PeerRangeConfig } from '../config/index.ts'

const BGP_PORT = 179

/** The peer that a source in a range is. `@` is in no configured name, so the two never meet. */
export function memberConfig(
  { prefix: _prefix, asns, limit: _limit, ...range }: PeerRangeConfig,
  address: string,
): PeerConfig {
  const own = { address, asn: asns[0] ?? 0, port: BGP_PORT, passive: true, connectRetryS: 1 }
  // Not by spreading: V8 gives every object that was copied and then added to a shape of its own, a kilobyte a member.
  return Object.assign(own, range, { name: `${range.name}@${address}` })
}
