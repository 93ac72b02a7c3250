/** What TCP has to carry for a peer or a range, from its configuration; passwords are there already (password.ts). Called by peer-options.ts. */
import type { SessionConfig } from '../config/index.ts'
import type { TransportOptions } from '../net/index.ts'

export function transportOptions(peer: SessionConfig): TransportOptions {
  const { ttlSecurity, ttl, device, tcpUserTimeoutS, password } = peer
  return {
    ...(password !== undefined && { md5Key: () => password.reveal() }),
    ...(ttlSecurity !== undefined && { ttlSecurityHops: ttlSecurity }),
    ...(ttl !== undefined && { ttl }),
    ...(device !== undefined && { device }),
    ...(tcpUserTimeoutS !== undefined && { userTimeoutMs: tcpUserTimeoutS * 1000 }),
  }
}
