/** Starts the kernel port in this process's namespace and prints what a person would see. Run by kernel.test.ts without CAP_NET_ADMIN. */
import { KernelError } from '../../src/kernel/error.ts'
import { RtnetlinkPort } from '../../src/kernel/rtnetlink/port.ts'

const port = new RtnetlinkPort({ table: 254, protocol: 12 })
port.start({}).then(
  () => port.close(),
  (error: unknown) => {
    process.stdout.write(error instanceof KernelError ? `${error.code}: ${error.message}\n` : `${String(error)}\n`)
  },
)
