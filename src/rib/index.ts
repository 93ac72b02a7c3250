/** The routing information base: `Rib` and the types that cross its border. Used by src/daemon and tests. */
export * from './port.ts'
export { Rib } from './rib.ts'
