/**
 * What `godwit decode` does, without the command line: hex texts and files in, text out, a chunk at a time. Files may be
 * MRT, pcap, pcapng or text of hex digits, each plain, gzip or bzip2; which of them is told by their first octets.
 * Memory is bounded: by a chunk of the file, one record or packet, and the TCP segments that came too early.
 * Called by `src/cli/commands/decode.ts`.
 */

import { decodeHex, type HexContent } from './hex.ts'
import { decompress, type FileKind, fileKind, openFile, peek, STANDARD_INPUT } from './input.ts'
import { type FileReader, MrtReport, MrtText } from './mrt-file.ts'
import type { DecodeOptions } from './options.ts'
import { PcapReport } from './pcap-file.ts'
import { malformed, Report } from './report.ts'

export { type HexContent, parseHex } from './hex.ts'
export { DEFAULT_OPTIONS, type DecodeOptions } from './options.ts'

/** Where decoded text goes. */
export interface DecodeOutput {
  write(text: string): Promise<void> | void
  /** A complaint that has no place in the text: one sentence. */
  complain(sentence: string): Promise<void> | void
}

/** What to write. */
export type DecodeForm = 'text' | 'json' | 'mrt-text'

export interface DecodeRequest {
  readonly options: DecodeOptions
  readonly form: DecodeForm
  readonly content: HexContent
}

/** A file that could not be opened or read at all. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError'
}

/** Text in hex is small; a file of it beyond this is none. */
const MAX_HEX_TEXT = 64 * 1024 * 1024

/** Decodes texts of hex digits; each is named "argument 1" and so on. True: nothing was malformed. */
export async function decodeTexts(
  texts: readonly string[],
  request: DecodeRequest,
  output: DecodeOutput,
): Promise<boolean> {
  const report = new Report(request.form === 'json' ? 'json' : 'text')
  for (const [index, text] of texts.entries()) {
    decodeHex(text, `argument ${index + 1}`, { ...request, report })
    await output.write(report.take())
  }
  return !report.hasComplaints
}

/** Decodes one file; "-" is standard input. Undefined `kind`: the file says itself. True: nothing was malformed. */
export async function decodeFile(
  path: string,
  kind: FileKind | undefined,
  request: DecodeRequest,
  output: DecodeOutput,
): Promise<boolean> {
  const source = path === STANDARD_INPUT ? 'standard input' : path
  const job = new FileJob(source, request, output)
  try {
    const { head, rest } = await peek(decompress(openFile(path)), 64)
    await job.run(kind ?? fileKind(head), rest)
  } catch (error) {
    if (!(error instanceof Error) || !job.isFault(error)) throw error
    if (isOpenError(error))
      throw new UnreadableFileError(`${source} cannot be read: ${error.message}`, { cause: error })
    await job.fail(error)
  }
  return job.isClean
}

/** ENOENT, EACCES, EISDIR and their like: faults of the file system, not of the content. */
function isOpenError(error: Error): boolean {
  return 'syscall' in error
}

/** One file on its way. */
class FileJob {
  isClean = true
  private readonly report: Report
  private readonly sentences: string[] = []
  private outputError: unknown
  private readonly source: string
  private readonly request: DecodeRequest
  private readonly output: DecodeOutput
  private reader: FileReader | undefined
  private text: MrtText | undefined

  constructor(source: string, request: DecodeRequest, output: DecodeOutput) {
    this.source = source
    this.request = request
    this.output = output
    this.report = new Report(request.form === 'json' ? 'json' : 'text')
  }

  async run(kind: FileKind, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (kind === 'hex') {
      await this.runHex(chunks)
      return
    }
    this.reader = this.readerFor(kind)
    for await (const chunk of chunks) {
      this.reader.push(chunk)
      await this.flush()
    }
    this.reader.end()
    await this.flush()
  }

  /** A fault of the source rather than of what we write to. */
  isFault(error: Error): boolean {
    return error !== this.outputError
  }

  /** The compression is broken: what was before it has been decoded. */
  async fail(error: Error): Promise<void> {
    this.reader?.end()
    this.complain(`the compressed data is broken: ${error.message}`)
    await this.flush()
  }

  private readerFor(kind: 'mrt' | 'pcap'): FileReader {
    const { options, form } = this.request
    if (kind === 'pcap') return new PcapReport(this.source, options, this.report)
    if (form !== 'mrt-text') return new MrtReport(this.source, options, this.report)
    this.text = new MrtText(this.source, sentence => {
      this.isClean = false
      this.sentences.push(sentence)
    })
    return this.text
  }

  private async runHex(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder('latin1')
    let text = ''
    for await (const chunk of chunks) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > MAX_HEX_TEXT) {
        this.complain(`more than ${MAX_HEX_TEXT} characters of hex`)
        await this.flush()
        return
      }
    }
    decodeHex(text, this.source, { ...this.request, report: this.report })
    await this.flush()
  }

  private complain(reason: string): void {
    if (this.text === undefined) this.report.add(malformed({ source: this.source }, reason, ''))
    else {
      this.isClean = false
      this.sentences.push(`${this.source}: ${reason}`)
    }
  }

  private async flush(): Promise<void> {
    if (this.report.hasComplaints) this.isClean = false
    const text = this.text === undefined ? this.report.take() : this.text.take()
    try {
      if (text !== '') await this.output.write(text)
      for (const sentence of this.sentences.splice(0)) await this.output.complain(sentence)
    } catch (error) {
      this.outputError = error
      throw error
    }
  }
}
