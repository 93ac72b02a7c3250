/** A control socket with made-up views, and controls that note what they are asked to do: set up before each test of the file that calls `sampleServer`. */
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type RunningServer, startApiServer } from '../../../src/api/server.ts'
import { SampleControls, SampleViews } from '../api/sample-views.ts'
import { withTemporaryDirectory } from '../api/unix-client.ts'
import { godwit, type Outcome } from './terminal.ts'

export interface SampleServer {
  /** New for each test. */
  controls: SampleControls
  socket: string
  /** `godwit …argv` against this socket. */
  run(...argv: string[]): Promise<Outcome>
}

export function sampleServer(): SampleServer {
  let server: RunningServer
  let leave = () => {}
  const sample: SampleServer = {
    controls: new SampleControls(),
    socket: '',
    run: (...argv) => godwit([...argv, '--socket', sample.socket]),
  }
  beforeEach(async () => {
    sample.controls = new SampleControls()
    const directory = await new Promise<string>(resolve => {
      void withTemporaryDirectory(path => {
        resolve(path)
        return new Promise<void>(end => {
          leave = end
        })
      })
    })
    sample.socket = join(directory, 'godwit.sock')
    const { controls, socket } = sample
    server = await startApiServer({ socketPath: socket, views: new SampleViews(), controls, version: '1.2.3' })
  })
  afterEach(async () => {
    await server.close()
    leave()
  })
  return sample
}
