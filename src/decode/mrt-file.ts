/**
 * An MRT file into a report or into bgpdump's text, chunk by chunk. MRT knows the size of AS numbers and whether there are
 * path identifiers, so only the side of the AS border is taken from the options. AS_SETs are not complained of: collectors
 * recorded them long before RFC 9774.
 * Called by `index.ts`.
 */

import { FAMILIES, formatAddress, formatHex, formatNlri, formatRouterId } from '../../wire/index.ts'
import {
  MrtDecoder,
  MrtFramer,
  type MrtHeader,
  type MrtPeer,
  type MrtProblem,
  type MrtRecord,
  mrtTypeName,
  type RibEntry,
  type RibRecord,
  ribAttributes,
} from '../../wire/mrt/index.ts'
import { bgpdumpLines } from './bgpdump.ts'
import type { Complaint } from './complaint.ts'
import { type Description, describeAttributes, describeMessage } from './describe.ts'
import { contextOf, type DecodeOptions } from './options.ts'
import { type Endpoint, formatProblem, isoTime, malformed, type Place, type Report } from './report.ts'

/** Something that takes a file chunk by chunk and then its end. */
export interface FileReader {
  push(chunk: Uint8Array): void
  end(): void
}

/** Reads records into the report. */
export class MrtReport implements FileReader {
  private readonly framer: MrtFramer
  private readonly decoder = new MrtDecoder()
  private readonly source: string
  private readonly options: DecodeOptions
  private readonly report: Report

  constructor(source: string, options: DecodeOptions, report: Report) {
    this.source = source
    this.options = options
    this.report = report
    this.framer = new MrtFramer({
      record: (header, bytes, start, end) => this.add(this.decoder.decode(header, bytes, start, end)),
      problem: problem => this.complain(problem),
    })
  }

  push(chunk: Uint8Array): void {
    this.framer.push(chunk)
  }

  end(): void {
    this.framer.end()
  }

  private complain({ offset, reason, section }: MrtProblem, header?: MrtHeader): void {
    const record = header === undefined ? {} : { record: mrtTypeName(header.type, header.subtype) }
    this.report.add(malformed({ source: this.source, offset, ...record }, reason, section))
  }

  private add(record: MrtRecord): void {
    const { header, content } = record
    const place = this.placeOf(record)
    switch (content.kind) {
      case 'malformed':
        this.complain(content.problem, header)
        return
      case 'message': {
        const { message, fourOctetAs, hasPathIds, peer, local, isLocal } = content
        const context = this.contextFor(fourOctetAs, hasPathIds)
        const ends = isLocal
          ? { from: endpoint(local), to: endpoint(peer) }
          : { from: endpoint(peer), to: endpoint(local) }
        const description = describeMessage(message, 0, message.length, context)
        this.report.add({ kind: 'Message', place: { ...place, ...ends }, description })
        return
      }
      case 'state-change': {
        const { from, to, peer, local } = content
        const ends = { from: endpoint(peer), to: endpoint(local) }
        const description = plainDescription(`${stateName(from)} to ${stateName(to)}`, { from, to })
        this.report.add({ kind: 'StateChange', place: { ...place, ...ends }, description })
        return
      }
      case 'peer-index': {
        const { collectorId, viewName, peers } = content
        const id = formatRouterId(collectorId)
        const list = peers.map(peer => ({ ...endpoint(peer), routerId: formatRouterId(peer.routerId ?? 0) }))
        const details = list.map(
          ({ address, asn, routerId }, index) => `${index}: ${address} AS ${asn}, identifier ${routerId}`,
        )
        const title = `collector ${id}, view "${viewName}", ${peers.length} peers`
        const json = { collectorId: id, viewName, peers: list }
        this.report.add({ kind: 'PeerIndex', place, description: { title, details, json, complaints: [] } })
        return
      }
      case 'skipped':
        this.report.add({
          kind: 'Skipped',
          place,
          description: plainDescription(`not read, ${header.length} octets`, {}),
        })
        return
      case 'rib':
        this.report.add({ kind: 'Rib', place, description: this.describeRib(content) })
        return
    }
  }

  private placeOf({ header, microseconds }: MrtRecord): Place {
    const { offset, timeS, type, subtype } = header
    const fraction = microseconds === undefined ? '' : String(microseconds).padStart(6, '0')
    return { source: this.source, offset, time: isoTime(timeS, fraction), record: mrtTypeName(type, subtype) }
  }

  private contextFor(fourOctetAs: boolean, hasPathIds: boolean) {
    const context = contextOf({
      ...this.options,
      as2: !fourOctetAs,
      addPath: hasPathIds ? FAMILIES : this.options.addPath,
    })
    return { ...context, rejectAsSets: false }
  }

  private describeRib(record: RibRecord): Description {
    const { prefix, opaque, afi, safi, sequence, entries } = record
    const route = prefix === undefined ? `0x${formatHex(opaque ?? new Uint8Array(0))}` : formatNlri(prefix)
    const described = entries.map(entry => this.describeEntry(entry, record))
    return {
      title: `${route}, ${entries.length === 1 ? '1 path' : `${entries.length} paths`}`,
      details: described.flatMap(({ title, details }) => [title, ...details.map(line => `  ${line}`)]),
      json: { afi, safi, sequence, prefix: route, entries: described.map(({ json }) => json) },
      complaints: described.flatMap(({ complaints }) => complaints),
    }
  }

  private describeEntry(entry: RibEntry, { afi, safi, fourOctetAs }: RibRecord): Description {
    const { peer, peerIndex, originatedS, pathId } = entry
    const context = this.contextFor(fourOctetAs, false)
    const block = describeAttributes(ribAttributes(entry.attributes, afi, safi), context)
    const path = pathId === undefined ? {} : { pathId }
    const from = peer === undefined ? {} : { peer: { ...endpoint(peer) } }
    const index = peerIndex === undefined ? {} : { peerIndex }
    const { type: _type, length: _length, ...attributes } = block.json
    const who =
      peer === undefined
        ? `peer ${peerIndex}, which is not in the index`
        : `${formatAddress(peer.address)} AS ${peer.asn}`
    const unknown: Complaint[] =
      peer === undefined && peerIndex !== undefined
        ? [{ action: 'discard', reason: `peer ${peerIndex} is not in the peer index table`, rfc: 'RFC 6396 4.3.4' }]
        : []
    return {
      title: `from ${who}, ${isoTime(originatedS)}${pathId === undefined ? '' : `, path ${pathId}`}`,
      details: block.details,
      json: { ...from, ...index, originated: isoTime(originatedS), ...path, ...attributes },
      complaints: [...unknown, ...block.complaints],
    }
  }
}

const STATES = ['state 0', 'Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const

const stateName = (state: number): string => STATES[state] ?? `state ${state}`

const endpoint = ({ address, asn }: MrtPeer): Required<Pick<Endpoint, 'address' | 'asn'>> => {
  return { address: formatAddress(address), asn }
}

function plainDescription(title: string, json: Description['json']): Description {
  return { title, details: [], json, complaints: [] }
}

/** Reads records into lines of bgpdump's text; what is malformed goes to `problem`, one sentence a record. */
export class MrtText implements FileReader {
  private readonly framer: MrtFramer
  private readonly decoder = new MrtDecoder()
  private lines: string[] = []

  constructor(source: string, problem: (sentence: string) => void) {
    const complain = ({ offset, reason, section }: MrtProblem): void => {
      problem(formatProblem({ source, offset }, { action: 'discard', reason, rfc: section }))
    }
    this.framer = new MrtFramer({
      record: (header, bytes, start, end) => {
        const record = this.decoder.decode(header, bytes, start, end)
        if (record.content.kind === 'malformed') complain(record.content.problem)
        else bgpdumpLines(record, this.lines)
      },
      problem: complain,
    })
  }

  push(chunk: Uint8Array): void {
    this.framer.push(chunk)
  }

  end(): void {
    this.framer.end()
  }

  /** The lines since the last call, each with its line end. */
  take(): string {
    if (this.lines.length === 0) return ''
    const text = `${this.lines.join('\n')}\n`
    this.lines = []
    return text
  }
}
