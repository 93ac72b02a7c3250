import { describe, expect, it } from 'vitest'
import { SAMPLE_PLAN } from '../api/sample-views.ts'
import { sampleServer } from './sample-server.ts'
import { godwit } from './terminal.ts'

const sample = sampleServer()
const reload = (...argv: string[]) => sample.run('reload', ...argv)

const TABLE = [
  'WHAT                 ACTION  BECAUSE',
  'peer tor-a           reset   peers[tor-a].holdTime, policies.tor-in',
  'peer tor-c           live    speaker.connectRetry',
  'peer node-7          add     -',
  'peer node-3          remove  -',
  'range nodes          live    peerRanges[nodes].limit',
  'static 192.0.2.0/24  add     -',
  'policy tor-in        change  -',
  'log.level            live    -',
  '',
].join('\n')

const PROBLEM = {
  file: 'godwit.yaml',
  line: 3,
  column: 8,
  path: 'speaker.asn',
  message: 'is not a number',
  hint: 'write 1 to 4294967295',
  code: 'bad-asn',
  text: 'godwit.yaml:3:8 speaker.asn: is not a number; write 1 to 4294967295 [bad-asn]',
}

describe('godwit reload', () => {
  it('prints what was changed', async () => {
    const stdout = `${TABLE}applied: 1 peer reset; 1 peer untouched\n`
    expect(await reload()).toEqual({ code: 0, stderr: '', stdout })
    expect(sample.controls.requests).toEqual([{ dryRun: false, maxImpact: 'reset' }])
  })

  it('prints what would be changed with --dry-run', async () => {
    sample.controls.report = { ...sample.controls.report, outcome: 'planned' }
    const stdout = `${TABLE}would be applied: 1 peer reset; 1 peer untouched\n`
    expect(await reload('--dry-run')).toEqual({ code: 0, stderr: '', stdout })
    expect(sample.controls.requests).toEqual([{ dryRun: true, maxImpact: 'reset' }])
  })

  it('prints no table when nothing changes', async () => {
    const plan = { impact: 'none', peers: [], ranges: [], statics: [], policies: [], settings: [] } as const
    sample.controls.report = { ...sample.controls.report, plan, summary: 'nothing changes; 0 peers untouched' }
    expect((await reload()).stdout).toBe('applied: nothing changes; 0 peers untouched\n')
  })

  it('is exit code 1 with the plan and the reason when it is more than --max-impact allows', async () => {
    const refusal = { message: 'the impact would be reset', hint: 'change less' }
    sample.controls.report = { ...sample.controls.report, outcome: 'refused', refusal }
    expect(await reload('--max-impact', 'refresh')).toEqual({
      code: 1,
      stdout: TABLE,
      stderr: 'godwit: the impact would be reset; change less\n',
    })
    expect(sample.controls.requests).toEqual([{ dryRun: false, maxImpact: 'refresh' }])
  })

  it('is exit code 1 with a line a problem when the file is bad', async () => {
    const refusal = { message: 'the configuration has a problem, nothing was changed', hint: 'correct it' }
    sample.controls.report = { ...sample.controls.report, outcome: 'refused', refusal, problems: [PROBLEM], plan: null }
    expect(await reload()).toEqual({
      code: 1,
      stdout: `${PROBLEM.text}\n`,
      stderr: 'godwit: the configuration has a problem, nothing was changed; correct it\n',
    })
  })

  it('prints one document for --json, with the same exit codes', async () => {
    const done = await reload('--json')
    expect(done.code).toBe(0)
    expect(JSON.parse(done.stdout)).toEqual({ schema: 'godwit/v1', kind: 'ReloadResult', item: sample.controls.report })
    sample.controls.report = { ...sample.controls.report, outcome: 'refused', refusal: { message: 'no', hint: 'yes' } }
    const refused = await reload('--json')
    expect(refused).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(refused.stdout)).toMatchObject({ item: { outcome: 'refused', plan: SAMPLE_PLAN } })
  })

  it('is exit code 2 for an impact that does not exist, 3 when there is no daemon', async () => {
    expect((await reload('--max-impact', 'remove')).code).toBe(2)
    expect((await godwit(['reload', '--socket', '/nowhere/x.sock'])).code).toBe(3)
    expect(sample.controls.requests).toEqual([])
  })
})
