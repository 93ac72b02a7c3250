/** For `node --import`: a table whose work throws, as a fault of ours would. See test/src/daemon/crash.test.ts. */
import { Rib } from '../../src/rib/index.ts'

Rib.prototype.work = () => {
  throw new Error('planted in the core')
}
