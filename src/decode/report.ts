/**
 * What decoding found, as text for people or as one JSON object a line. Both are collected in a buffer that the caller takes
 * out and writes, chunk by chunk, so that memory stays bounded. The JSON is documented in docs/decode.md and does not change
 * shape: fields are only added.
 * Called by everything in this folder that reads.
 */

import type { Complaint } from './complaint.ts'
import { formatComplaint } from './complaint.ts'
import type { Description } from './describe.ts'

/** One side of a session as a record or a packet tells it. */
export interface Endpoint {
  readonly address: string
  readonly asn?: number
  readonly port?: number
}

/** Where something was found. */
export interface Place {
  /** "argument 1", or the name of the file. */
  readonly source: string
  /** Octets from the start of the (decompressed) file. */
  readonly offset?: number
  /** ISO 8601 with as many decimals as the source has. */
  readonly time?: string
  /** The kind of MRT record. */
  readonly record?: string
  readonly from?: Endpoint
  readonly to?: Endpoint
}

/** One thing found. */
export interface Finding {
  /** `Message`, `Attributes`, `Nlri`, `Rib`, `PeerIndex`, `StateChange`, `Skipped` or `Malformed`. */
  readonly kind: string
  readonly place: Place
  readonly description: Description
}

/** A piece of the source that cannot be read at all. */
export function malformed(place: Place, reason: string, rfc: string): Finding {
  const complaints: Complaint[] = [{ action: 'discard', reason, rfc }]
  return { kind: 'Malformed', place, description: { title: 'malformed', details: [], json: {}, complaints } }
}

export class Report {
  /** Something found so far was malformed. */
  hasComplaints = false
  private readonly isJson: boolean
  private buffer = ''

  constructor(form: 'text' | 'json') {
    this.isJson = form === 'json'
  }

  add(finding: Finding): void {
    if (finding.description.complaints.length > 0) this.hasComplaints = true
    this.buffer += this.isJson ? jsonLine(finding) : textLines(finding)
  }

  /** The text since the last call. */
  take(): string {
    const { buffer } = this
    this.buffer = ''
    return buffer
  }
}

/** One JSON object and a line end. */
function jsonLine({ kind, place, description }: Finding): string {
  const content = kind === 'Malformed' ? {} : { content: description.json }
  const problems = description.complaints
  return `${JSON.stringify({ schema: 'godwit/v1', kind, ...place, ...content, problems })}\n`
}

/** A line for the finding, and indented ones for its details and complaints. */
function textLines({ kind, place, description }: Finding): string {
  const { title, details, complaints } = description
  if (kind === 'Malformed') return complaints.map(complaint => `${formatProblem(place, complaint)}\n`).join('')
  const lines = [
    [...placeWords(place), title].join(' '),
    ...details.map(detail => `  ${detail}`),
    ...complaints.map(complaint => `  ! ${formatComplaint(complaint)}`),
  ]
  return `${lines.join('\n')}\n`
}

/** "FILE, octet 1234: the file ends early (RFC 6396 2)": for what is not a message. */
export function formatProblem({ source, offset, record }: Place, { reason, rfc }: Complaint): string {
  const where = offset === undefined ? source : `${source}, octet ${offset}`
  const what = record === undefined ? reason : `${record}: ${reason}`
  return `${where}: ${what}${rfc === '' ? '' : ` (${rfc})`}`
}

function placeWords({ source, time, record, from, to }: Place): string[] {
  if (time === undefined && from === undefined) return [`${source}:`]
  const words = [time ?? '', record ?? ''].filter(word => word !== '')
  if (from !== undefined)
    words.push(to === undefined ? formatEndpoint(from) : `${formatEndpoint(from)} > ${formatEndpoint(to)}`)
  return words.length === 0 ? [] : [`${words.join(' ')}:`]
}

function formatEndpoint({ address, asn, port }: Endpoint): string {
  if (port !== undefined) return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  return asn === undefined ? address : `${address} AS ${asn}`
}

const MAX_DATE_S = 8_640_000_000_000

/** Seconds since 1970 as ISO 8601; `fraction` is what stands after the point. */
export function isoTime(seconds: number, fraction = ''): string {
  // A capture may claim any time at all; dates end somewhere.
  if (seconds > MAX_DATE_S) return `${seconds} s`
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return fraction === '' ? `${whole}Z` : `${whole}.${fraction}Z`
}
