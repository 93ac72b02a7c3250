/**
 * tshark (Debian package `tshark`) as a second opinion on messages: how many BGP messages it sees in a capture, and what it
 * complains about. Sequential notes of TCP and remarks below a warning are none of our business.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Stream, writePcap } from './pcap.ts'

/** "TShark (Wireshark) 4.0.17 …", or undefined when there is none. */
export function tsharkVersion(): string | undefined {
  const { status, stdout } = spawnSync('tshark', ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0] : undefined
}

export interface Opinion {
  /** Numbers of the types of all messages, in order. */
  readonly types: readonly number[]
  /** "packet 3: Malformed Packet". */
  readonly complaints: readonly string[]
}

const FIELDS = ['frame.number', 'bgp.type', '_ws.malformed', '_ws.expert.severity', '_ws.expert.message', 'data.len']
const WARNING = 0x600000

/** What tshark says of these streams. `asnOctets`: tshark would guess the size of AS numbers otherwise. */
export function askTshark(streams: readonly Stream[], asnOctets: 2 | 4): Opinion {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-tshark-'))
  try {
    const path = join(folder, 'messages.pcap')
    writeFileSync(path, writePcap(streams).bytes)
    const options = [
      '-n',
      '-r',
      path,
      '-o',
      `bgp.asn_len:${asnOctets} octet`,
      '-o',
      'tcp.desegment_tcp_streams:TRUE',
      '-T',
      'fields',
    ]
    options.push('-E', 'separator=/t', '-E', 'occurrence=a', '-E', 'aggregator=|')
    for (const field of FIELDS) options.push('-e', field)
    const text = execFileSync('tshark', options, {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return read(text)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function read(text: string): Opinion {
  const types: number[] = []
  const complaints: string[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [frame, type = '', malformed = '', severities = '', messages = '', data = ''] = line.split('\t')
    if (type !== '') types.push(...type.split('|').map(Number))
    if (malformed !== '') complaints.push(`packet ${frame}: malformed`)
    if (data !== '') complaints.push(`packet ${frame}: ${data} octets are not BGP`)
    for (const [i, severity] of severities.split('|').entries()) {
      if (severity !== '' && Number(severity) >= WARNING) complaints.push(`packet ${frame}: ${messages.split('|')[i]}`)
    }
  }
  return { types, complaints }
}
