/**
 * `godwit decode …`: messages, MRT files and captures in words, as JSON, or as bgpdump's text. Starts nothing and asks no
 * daemon. What the decoding is made of is in src/decode; this is its command line.
 */

import { FAMILIES, type Family, IPV4_UNICAST, IPV6_UNICAST } from '../../../wire/family.ts'
import type { DecodeForm, DecodeOptions, DecodeOutput, DecodeRequest, HexContent } from '../../decode/index.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, CliError, ExitCode } from '../context.ts'

const FAMILY_WORDS: Readonly<Record<string, Family>> = { ipv4: IPV4_UNICAST, ipv6: IPV6_UNICAST }

export const decodeCommand = defineCommand({
  usage: 'decode [input..]',
  summary: 'Say what messages, MRT files or captures contain',
  examples: [
    ['decode ffffffffffffffffffffffffffffffff001304', 'a message in hex; from standard input without arguments'],
    ['decode updates.20240914.2105.bz2', 'MRT or pcap, compressed or not: told by its first octets'],
    ['decode --mrt-text rib.bz2 | grep 10.0.0.0/8', 'one line a route, as `bgpdump -m` prints it'],
    ['decode --json session.pcap', 'one JSON object a line'],
  ],
  options: yargs =>
    yargs
      .positional('input', { type: 'string', array: true, description: 'Hex digits or files; - is standard input' })
      .option('mrt', { type: 'string', array: true, requiresArg: true, description: 'Files to read as MRT' })
      .option('pcap', {
        type: 'string',
        array: true,
        requiresArg: true,
        description: 'Files to read as pcap or pcapng',
      })
      .option('attributes', { type: 'boolean', default: false, description: 'The hex is a block of path attributes' })
      .option('nlri', { choices: ['ipv4', 'ipv6'], requiresArg: true, description: 'The hex is a list of prefixes' })
      .option('json', { type: 'boolean', default: false, description: 'Print one JSON object a line' })
      .option('mrt-text', { type: 'boolean', default: false, description: "Print MRT in bgpdump's -m format" })
      .option('as2', { type: 'boolean', default: false, description: 'AS numbers have two octets' })
      .option('add-path', { type: 'string', description: 'Prefixes have path identifiers: ipv4, ipv6, or both' })
      .option('peer', { choices: ['ibgp', 'ebgp'], default: 'ibgp', requiresArg: true, description: 'The sender is' }),
  run: (options, context) => decode(options, context),
})

interface Options {
  readonly input: readonly string[] | undefined
  readonly mrt: readonly string[] | undefined
  readonly pcap: readonly string[] | undefined
  readonly attributes: boolean
  readonly nlri: string | undefined
  readonly json: boolean
  readonly 'mrt-text': boolean
  readonly as2: boolean
  readonly 'add-path': string | undefined
  readonly peer: string
}

async function decode(options: Options, context: CliContext): Promise<number> {
  const request = requestOf(options)
  const inputs = inputsOf(options)
  const { decodeFile, decodeTexts, UnreadableFileError } = await import('../../decode/index.ts')
  const output: DecodeOutput = {
    write: text => context.stdout.write(text),
    complain: sentence => context.stderr.write(`godwit: ${sentence}\n`),
  }
  let isClean = true
  try {
    if (inputs.texts.length > 0) isClean = await decodeTexts(inputs.texts, request, output)
    for (const { path, kind } of inputs.files) isClean = (await decodeFile(path, kind, request, output)) && isClean
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error
    throw new CliError(ExitCode.refused, error.message, 'name a file, or write whole messages in hex', { cause: error })
  }
  return isClean ? ExitCode.done : ExitCode.refused
}

function requestOf(options: Options): DecodeRequest {
  const { json, as2, peer, attributes, nlri } = options
  if (json && options['mrt-text']) throw usage('--json and --mrt-text are two answers', 'choose one of them')
  if (attributes && nlri !== undefined)
    throw usage('--attributes and --nlri are two kinds of hex', 'choose one of them')
  const form: DecodeForm = json ? 'json' : options['mrt-text'] ? 'mrt-text' : 'text'
  const family = nlri === undefined ? undefined : FAMILY_WORDS[nlri]
  const content: HexContent =
    family !== undefined ? { kind: 'nlri', family } : { kind: attributes ? 'attributes' : 'messages' }
  const peerKind: DecodeOptions['peerKind'] = peer === 'ebgp' ? 'ebgp' : 'ibgp'
  return { form, content, options: { as2, peerKind, addPath: addPathOf(options['add-path']) } }
}

/** Without a value: both families. */
function addPathOf(text: string | undefined): readonly Family[] {
  if (text === undefined) return []
  if (text === '') return FAMILIES
  return text.split(',').map(word => {
    const family = FAMILY_WORDS[word]
    if (family === undefined) throw usage(`--add-path ${word} is no family`, 'write ipv4, ipv6, or ipv4,ipv6')
    return family
  })
}

interface Inputs {
  readonly texts: readonly string[]
  readonly files: readonly { readonly path: string; readonly kind: 'mrt' | 'pcap' | undefined }[]
}

/** Arguments of nothing but hex digits are hex, all others files. Hex may be spread over several arguments. */
function inputsOf({ input = [], mrt = [], pcap = [] }: Options): Inputs {
  const texts = input.filter(isHex)
  const files = [
    ...input.filter(text => !isHex(text)).map(path => ({ path, kind: undefined })),
    ...mrt.map(path => ({ path, kind: 'mrt' as const })),
    ...pcap.map(path => ({ path, kind: 'pcap' as const })),
  ]
  return texts.length + files.length === 0 ? { texts, files: [{ path: '-', kind: undefined }] } : { texts, files }
}

/**
 * A file name is unlikely to consist of hex digits and nothing else; for one that does, write `./beef`. What starts as
 * a marker does, or with 0x, is hex even if some digit of it is wrong: so the digit is named and not a missing file.
 */
function isHex(text: string): boolean {
  return /^[\s:,]*(0x)?([0-9a-f]{2}[\s:,]*)+[0-9a-f]?$/i.test(text) || /^\s*(0x|ff[\s:,]*ff[\s:,]*ff)/i.test(text)
}

function usage(message: string, hint: string): CliError {
  return new CliError(ExitCode.usage, message, hint)
}
