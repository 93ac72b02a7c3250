/** Routing policy: the representation and its compiler. Used by src/rib (types), src/config, src/calico, src/daemon. */
export { compilePolicy } from './compile.ts'
export * from './policy.ts'
