/**
 * What `ip -json route show` says, as routes to compare: a witness that shares no code with godwit. Pure.
 * INTEROP: iproute2 6.1 leaves the length out of host prefixes and the protocol out of routes of protocol boot.
 */
import { z } from 'zod'
import type { TableRoute } from './expect.ts'
import { isWorkload } from './topology.ts'

const SPEAKER = 'bird'
const RouteList = z.array(
  z.looseObject({
    dst: z.string(),
    gateway: z.string().optional(),
    dev: z.string().optional(),
    protocol: z.string().optional(),
  }),
)

/** The workload routes among them, all others left out. */
export function workloadRoutes(json: unknown): TableRoute[] {
  return RouteList.parse(json).flatMap(({ dst, gateway, dev, protocol }): TableRoute[] => {
    const prefix = dst.includes('/') ? dst : `${dst}/${dst.includes(':') ? 128 : 32}`
    if (!isWorkload(prefix)) return []
    if (protocol === SPEAKER) return [{ prefix, owner: 'bgp', ...(gateway !== undefined && { gateway }) }]
    return [{ prefix, owner: 'agent', ...(dev !== undefined && { device: dev }) }]
  })
}
