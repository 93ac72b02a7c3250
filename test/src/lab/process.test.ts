import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LabProcess } from '../../../src/lab/process.ts'

const directory = mkdtempSync(join(tmpdir(), 'godwit-process-'))
afterAll(() => rmSync(directory, { recursive: true }))

let started = 0
function start(script: string): LabProcess {
  started += 1
  return new LabProcess({
    name: 'child',
    program: process.execPath,
    args: ['-e', script],
    logFile: join(directory, `${started}.log`),
    enter: work => work(),
  })
}

describe('a process of the lab', () => {
  it('tells the last lines it wrote when it ends before it is ready', async () => {
    const child = start('console.log("no such file"); process.exit(1)')
    await expect(child.ready(async () => false, 10_000)).rejects.toThrow(/child ended while starting:\nno such file/)
  })

  it('is given up when it is not ready in time', async () => {
    const child = start('setInterval(() => {}, 1000)')
    await expect(child.ready(async () => false, 30)).rejects.toThrow(/not ready in 30 ms/)
    await child.kill()
    expect(child.hasEnded).toBe(true)
  })

  it('is killed when it does not hear SIGTERM', async () => {
    const child = start('process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)')
    await child.ready(async () => child.tail().includes('deaf'), 10_000)
    await child.stop(50)
    expect(child.hasEnded).toBe(true)
  })

  it('that cannot be started says so', async () => {
    const child = new LabProcess({
      name: 'nothing',
      program: join(directory, 'nothing'),
      args: [],
      logFile: join(directory, 'nothing.log'),
      enter: work => work(),
    })
    await expect(child.ready(async () => false, 10_000)).rejects.toThrow(/nothing ended while starting/)
  })
})
