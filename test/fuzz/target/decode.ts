/**
 * What `godwit decode` makes of files: captures and MRT, as text, as JSON lines and as bgpdump's lines. Nothing throws, any
 * split of the file gives the same, text is printable, every line of JSON is an object. Thorough only, where it is dear.
 */
import { DEFAULT_OPTIONS, type DecodeOptions } from '../../../src/decode/index.ts'
import { type FileReader, MrtReport, MrtText } from '../../../src/decode/mrt-file.ts'
import { PcapReport } from '../../../src/decode/pcap-file.ts'
import { Report } from '../../../src/decode/report.ts'
import { FAMILIES } from '../../../wire/index.ts'
import { writePcap } from '../../support/pcap.ts'
import { bytesOf, check, digest, hexOf, mix } from '../check.ts'
import { damage, mutateMessage } from '../mutate.ts'
import type { Random } from '../random.ts'
import { type Pool, type Run, shorter, type Target } from '../target.ts'
import { MRT } from './mrt.ts'

const FORMS = ['pcap', 'pcap-json', 'mrt', 'mrt-json', 'mrt-text'] as const
type Form = (typeof FORMS)[number]

export interface DecodeInput {
  readonly form: Form
  readonly bytes: Uint8Array
}

const MAX_LENGTH = 40_000
/** What could move a cursor or reorder a line. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

const OPTIONS: Readonly<Record<Form, DecodeOptions>> = {
  pcap: DEFAULT_OPTIONS,
  'pcap-json': { ...DEFAULT_OPTIONS, as2: true, peerKind: 'ebgp' },
  mrt: { ...DEFAULT_OPTIONS, addPath: FAMILIES },
  'mrt-json': DEFAULT_OPTIONS,
  'mrt-text': DEFAULT_OPTIONS,
}

/** Everything written about a file that comes in these pieces. */
function textOf(form: Form, bytes: Uint8Array, cuts: readonly number[]): string {
  const report = new Report(form.endsWith('json') ? 'json' : 'text')
  const complaints: string[] = []
  const lines = new MrtText('file', sentence => complaints.push(sentence))
  const reader: FileReader = readerOf(form, report, lines)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    reader.push(bytes.slice(from, cut))
    from = cut
  }
  reader.end()
  return `${report.take()}${lines.take()}${complaints.map(line => `${line}\n`).join('')}`
}

function readerOf(form: Form, report: Report, lines: MrtText): FileReader {
  if (form.startsWith('pcap')) return new PcapReport('file', OPTIONS[form], report)
  return form === 'mrt-text' ? lines : new MrtReport('file', OPTIONS[form], report)
}

function runDecode({ form, bytes }: DecodeInput, isThorough: boolean): Run {
  const started = performance.now()
  const text = textOf(form, bytes, [])
  const ms = performance.now() - started
  const odd = UNPRINTABLE.exec(text.replaceAll('\n', ' '))
  const near = Math.max(0, (odd?.index ?? 0) - 40)
  check(odd === null, 'text is printable', () => JSON.stringify(text.slice(near, near + 80)))
  const outcomes = [mix(FORMS.indexOf(form), Math.min(text.length, 1))]
  for (const line of text.split('\n').slice(0, 40)) {
    if (form.endsWith('json') && line !== '') check(isObject(line), 'a line is an object', () => line.slice(0, 200))
    outcomes.push(digest(line.replace(/[0-9a-f.:]+/g, '#').slice(0, 24)))
  }
  if (isThorough) {
    const seed = digest(bytes) >>> 0
    const cuts = [1, 8, 24, 25, 40, seed % (bytes.length + 1)].filter(cut => cut < bytes.length).sort((a, b) => a - b)
    check(textOf(form, bytes, cuts) === text, 'any split gives the same text', () => cuts.join())
  }
  return { outcomes, ms, messages: 1 }
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** Packets of a capture of ours: header of the file, then sixteen octets and as many as they say. */
function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const packets = [bytes.slice(0, 24)]
  let at = 24
  while (at + 16 <= bytes.length) {
    const end = at + 16 + new DataView(bytes.buffer, bytes.byteOffset + at + 8, 4).getUint32(0, true)
    if (end > bytes.length) break
    packets.push(bytes.slice(at, end))
    at = end
  }
  if (at < bytes.length) packets.push(bytes.slice(at))
  return packets
}

function mutatePcap(bytes: Uint8Array, random: Random, pool: Pool<DecodeInput>): Uint8Array {
  const packets = packetsOf(bytes)
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(packets.length)
    const chosen = packets[at] ?? new Uint8Array(0)
    switch (random.below(6)) {
      case 0:
        packets.splice(
          1 + random.below(packets.length),
          0,
          ...packetsOf(captureOf([mutateMessage(pool.message(), random, () => pool.message())])).slice(1),
        )
        break
      case 1:
        packets.splice(at, 1)
        break
      case 2:
        packets.splice(random.below(packets.length + 1), 0, chosen)
        break
      default: {
        const changed = Uint8Array.from([...chosen.subarray(0, 16), ...damage(chosen.subarray(16), random)])
        if (at > 0 && changed.length >= 16 && !random.oneIn(6))
          new DataView(changed.buffer).setUint32(8, changed.length - 16, true)
        packets[at] = changed
      }
    }
  }
  return new Uint8Array(Buffer.concat(packets))
}

const captureOf = (messages: readonly Uint8Array[]): Uint8Array =>
  writePcap([messages.map(bytes => bytes.slice(0, 4096))]).bytes

function mutateDecode({ form, bytes }: DecodeInput, random: Random, pool: Pool<DecodeInput>): DecodeInput {
  const any = { any: () => ({ bytes: pool.any().bytes }), message: () => pool.message() }
  const changed = form.startsWith('pcap') ? mutatePcap(bytes, random, pool) : MRT.mutate({ bytes }, random, any).bytes
  const other = random.oneIn(8) ? random.pick(FORMS) : form
  const whole = random.oneIn(10) ? damage(changed, random) : changed
  return { form: other, bytes: Uint8Array.from(whole.subarray(0, MAX_LENGTH)) }
}

export const DECODE: Target<DecodeInput> = {
  name: 'decode',
  batch: 96,
  weight: 1,
  seeds: messages => {
    const inputs: DecodeInput[] = []
    for (let at = 0; at < messages.length; at += 24) {
      const some = messages.slice(at, at + 3)
      const [form, file] = [FORMS[(at / 24) % FORMS.length] ?? 'pcap', MRT.seeds(some)[0]?.bytes]
      inputs.push({ form, bytes: form.startsWith('pcap') || file === undefined ? captureOf(some) : file })
    }
    return inputs
  },
  mutate: mutateDecode,
  run: runDecode,
  limitMs: () => undefined,
  size: ({ bytes }) => bytes.length,
  *shrink({ form, bytes }) {
    for (const smaller of shorter(bytes)) yield { form, bytes: smaller }
  },
  toJson: ({ form, bytes }) => ({ form, hex: hexOf(bytes) }),
  fromJson: json => {
    const { form, hex } = json as { form: Form; hex: string }
    return { form, bytes: bytesOf(hex) }
  },
}
