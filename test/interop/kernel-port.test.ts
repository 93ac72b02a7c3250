/**
 * The two ports that lead to the real kernel, through the cases that every KernelPort passes; iproute2 is the witness. Needs root and koffi.
 */
import { describe } from 'vitest'
import { IprouteKernel } from '../../src/kernel/iproute/port.ts'
import type { KernelPort } from '../../src/kernel/port.ts'
import { RtnetlinkPort } from '../../src/kernel/rtnetlink/port.ts'
import { portCases, type World } from '../src/kernel/port-cases.ts'
import { TestNamespace, whyNoKernel } from '../support/test-namespace.ts'

function worldOf(makePort: (namespace: string) => KernelPort): () => Promise<World> {
  return async () => {
    const namespace = new TestNamespace()
    const text = (route: { prefix: string; metric?: number }) => `${route.prefix} metric ${route.metric ?? 0}`
    return {
      port: makePort(namespace.name),
      addRoute: ({ via: gateway, dev, protocol = 3, ...route }) => {
        const to = `${gateway === undefined ? '' : ` via ${gateway}`}${dev === undefined ? '' : ` dev ${dev}`}`
        namespace.ip(`route add ${text(route)}${to} proto ${protocol}`)
      },
      removeRoute: route => void namespace.ip(`route del ${text(route)}`),
      setInterface: (name, isUp) => void namespace.ip(`link set ${name} ${isUp ? 'up' : 'down'}`),
      addAddress: (name, address) => void namespace.ip(`addr add ${address} dev ${name}`),
      ownRoutes: () => namespace.ownRoutes(),
      close: async () => namespace.remove(),
    }
  }
}

const OURS = { table: 254, protocol: 12 }

describe.skipIf(whyNoKernel('kernel-port.test.ts') !== undefined)('the real kernel', () => {
  portCases(
    'rtnetlink as a KernelPort',
    worldOf(namespace => new RtnetlinkPort({ ...OURS, namespace })),
  )
  portCases(
    'the program ip as a KernelPort',
    worldOf(namespace => new IprouteKernel({ ...OURS, namespace })),
  )
})
