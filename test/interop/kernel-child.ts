/**
 * A learner in a process of its own, so that a test can stop it with SIGSTOP: nothing is read then, as when the worker gets no processor.
 * `kernel-child.ts NAMESPACE RECEIVE_BUFFER`; tells its parent what it knows whenever that changed. Run by kernel-faults.test.ts.
 */
import { fanOut, Interfaces, KernelLearn, RtnetlinkPort } from '../../src/kernel/index.ts'

const [namespace = '', receiveBuffer] = process.argv.slice(2)
const port = new RtnetlinkPort({ table: 254, protocol: 12, namespace, receiveBuffer: Number(receiveBuffer) })
const interfaces = new Interfaces()
const state = { routes: 0, resyncs: 0 }
let told = ''
const learn = new KernelLearn(
  port,
  interfaces,
  { table: 254, protocol: 12, learnAliens: true, directInterfaces: [], seed: 1 },
  {
    announce: () => void state.routes++,
    withdraw: () => void state.routes--,
  },
)
const tell = (): void => {
  const text = JSON.stringify(state)
  if (text !== told) process.send?.(state)
  told = text
}
process.on('disconnect', () => process.exit(0))
port.start(fanOut(interfaces, learn, { resync: () => void state.resyncs++ })).then(() => {
  process.send?.(state)
  setInterval(tell, 5)
}, console.error)
