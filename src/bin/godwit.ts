#!/usr/bin/env node
/**
 * The `godwit` program: hands the process's own streams, environment and signals to the command line, and the parts it may start. Nothing else; everything
 * heavy is imported when a command asks for it.
 */
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import type { Output, Programs } from '../cli/context.ts'
import { runCli } from '../cli/main.ts'
import { readVersion } from '../cli/version.ts'

// V8 lets the nursery grow to 16 MB while modules load, and never gives it back. What the speaker works with lies in typed arrays
// outside the heap: a nursery of 1 MB is as fast and leaves the machine 15 MB more.
setFlagsFromString('--semi-space-growth-factor=1')

const programs: Programs = {
  loadConfig: async path => (await import('../config/index.ts')).loadConfig(path),
  configSchema: async () => (await import('../config/index.ts')).configJsonSchema(),
  runDaemon: async (config, options) => (await import('../daemon/index.ts')).runDaemon(config, options),
  runDemo: async options => (await import('../lab/run-demo.ts')).runDemo(options),
  onStopSignal(listener) {
    process.on('SIGINT', listener).on('SIGTERM', listener)
    return () => {
      process.off('SIGINT', listener).off('SIGTERM', listener)
    }
  },
  onReloadSignal(listener) {
    process.on('SIGHUP', listener)
    return () => {
      process.off('SIGHUP', listener)
    }
  },
}

function output(stream: NodeJS.WriteStream): Output {
  // Whoever reads us may stop at any time (`| head`): that is no error.
  stream.on('error', error => process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1))
  return {
    async write(text) {
      if (text !== '' && !stream.write(text)) await once(stream, 'drain')
    },
    isTerminal: stream.isTTY === true,
    columns: stream.columns ?? 80,
  }
}

const exitCode = await runCli(process.argv.slice(2), {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  env: process.env,
  version: readVersion(),
  programs,
})
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
