import { MemoryKernel } from '../../../src/kernel/memory.ts'
import type { KernelRoute } from '../../../src/kernel/port.ts'
import { formatAddress } from '../../../wire/prefix.ts'
import { portCases, type World } from './port-cases.ts'
import { routeText } from './support.ts'

async function makeWorld(): Promise<World> {
  const kernel = new MemoryKernel()
  kernel.addInterface('va')
  kernel.addAddress('va', '10.99.0.1/24')
  kernel.addAddress('va', 'fd99::1/64')
  return {
    port: kernel,
    addRoute: route => kernel.addRoute(route),
    removeRoute: route => void kernel.removeRoute(route),
    setInterface: (name, isUp) => kernel.setInterface(name, isUp),
    addAddress: (name, text) => kernel.addAddress(name, text),
    ownRoutes: () => {
      const own = kernel.routes().filter(route => route.protocol === 12)
      return own.map(ipText).sort(byDestination)
    },
    close: async () => {},
  }
}

/** As `ip route show` has it: a lone host without its length, the default route by name, legs behind the metric. */
function ipText(route: KernelRoute): string {
  const { nextHops, ...single } = route
  const { gateway: _, ...head } = single
  const legs = nextHops?.map(leg => ` nexthop via ${formatAddress(leg.gateway ?? new Uint8Array(4))}`)
  const text = nextHops === undefined ? routeText(single) : `${routeText(head)}${legs?.join('')}`
  return text.replace(/(\/32|\/128)(?= |$)/, '').replace(/^(0\.0\.0\.0|::)\/0/, 'default')
}

/** Sorts by the prefix in the text, whatever word stands before it. */
function byDestination(a: string, b: string): number {
  return a.replace(/^[a-z]+ /, '').localeCompare(b.replace(/^[a-z]+ /, ''))
}

portCases('the FIB in memory as a KernelPort', makeWorld)
