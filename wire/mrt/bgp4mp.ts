/**
 * BGP4MP and BGP4MP_ET (RFC 6396 3, 4.4; RFC 8050 3): messages and state changes of live sessions; and their forerunner
 * BGP, type 5 (RFC 6396 B.2), whose UPDATEs lack the message header.
 * Called by `record.ts`.
 */

import { readU16 } from '../bytes.ts'
import { encodeMessage } from '../header.ts'
import { HEADER_LENGTH, MARKER_LENGTH, MessageType } from '../iana.ts'
import type { RecordReader } from './reader.ts'
import { Bgp4mpSubtype, LegacySubtype } from './type.ts'
import type { MessageRecord, MrtContent, MrtPeer, StateChangeRecord } from './types.ts'

/** A record as it should be, or what is wrong with it. */
export type Reading = MrtContent | { readonly kind: 'wrong'; readonly reason: string; readonly section: string }

interface Form {
  readonly isState: boolean
  readonly asOctets: 2 | 4
  readonly isLocal: boolean
  readonly hasPathIds: boolean
}

const message = (asOctets: 2 | 4, isLocal = false, hasPathIds = false): Form => {
  return { isState: false, asOctets, isLocal, hasPathIds }
}
const stateChange = (asOctets: 2 | 4): Form => ({ isState: true, asOctets, isLocal: false, hasPathIds: false })

const FORMS: Record<number, Form> = {
  [Bgp4mpSubtype.STATE_CHANGE]: stateChange(2),
  [Bgp4mpSubtype.STATE_CHANGE_AS4]: stateChange(4),
  [Bgp4mpSubtype.MESSAGE]: message(2),
  [Bgp4mpSubtype.MESSAGE_AS4]: message(4),
  [Bgp4mpSubtype.MESSAGE_LOCAL]: message(2, true),
  [Bgp4mpSubtype.MESSAGE_AS4_LOCAL]: message(4, true),
  [Bgp4mpSubtype.MESSAGE_ADDPATH]: message(2, false, true),
  [Bgp4mpSubtype.MESSAGE_AS4_ADDPATH]: message(4, false, true),
  [Bgp4mpSubtype.MESSAGE_LOCAL_ADDPATH]: message(2, true, true),
  [Bgp4mpSubtype.MESSAGE_AS4_LOCAL_ADDPATH]: message(4, true, true),
}

/** Reads the content of a BGP4MP record; the microseconds of BGP4MP_ET are behind the reader already. */
export function readBgp4mp(reader: RecordReader, subtype: number): Reading {
  const form = FORMS[subtype]
  if (form === undefined) return { kind: 'skipped' }
  const section = form.isState ? 'RFC 6396 4.4.1' : form.hasPathIds ? 'RFC 8050 3' : 'RFC 6396 4.4.2'
  const peerAsn = reader.asn(form.asOctets)
  const localAsn = reader.asn(form.asOctets)
  if (lacksAddresses(reader, form)) return readWithoutAddresses(reader, form, peerAsn, localAsn)
  reader.u16() // interface index
  const afi = reader.u16()
  if (reader.isShort) return { kind: 'wrong', reason: 'the record ends inside its header', section }
  if (afi !== 1 && afi !== 2) return { kind: 'wrong', reason: `address family ${afi} of the peer`, section }
  const octets = afi === 1 ? 4 : 16
  const peer: MrtPeer = { asn: peerAsn, address: reader.take(octets) }
  const local: MrtPeer = { asn: localAsn, address: reader.take(octets) }
  if (reader.isShort) return { kind: 'wrong', reason: 'the record ends inside its addresses', section }
  return form.isState
    ? readStateChange(reader, peer, local, section)
    : readMessage(reader, { form, peer, local, section })
}

/**
 * INTEROP: Zebra of 2000 left out interface, family and addresses while it had no connection, so that the two states, or
 * the marker of the message, follow the AS numbers.
 */
function lacksAddresses({ bytes, at, left }: RecordReader, { isState, asOctets }: Form): boolean {
  if (asOctets !== 2) return false
  if (isState) return left === 4
  return left >= HEADER_LENGTH && bytes.subarray(at, at + MARKER_LENGTH).every(octet => octet === 0xff)
}

function readWithoutAddresses(reader: RecordReader, form: Form, peerAsn: number, localAsn: number): Reading {
  const peer: MrtPeer = { asn: peerAsn, address: new Uint8Array(4) }
  const local: MrtPeer = { asn: localAsn, address: new Uint8Array(4) }
  if (form.isState) return readStateChange(reader, peer, local, 'RFC 6396 4.4.1')
  return readMessage(reader, { form, peer, local, section: 'RFC 6396 4.4.2' })
}

function readStateChange(reader: RecordReader, peer: MrtPeer, local: MrtPeer, section: string): Reading {
  const record: StateChangeRecord = { kind: 'state-change', peer, local, from: reader.u16(), to: reader.u16() }
  return reader.isShort ? { kind: 'wrong', reason: 'the record ends before the two states', section } : record
}

interface Around {
  readonly form: Form
  readonly peer: MrtPeer
  readonly local: MrtPeer
  readonly section: string
}

/** The message must be whole; what is wrong inside it is not the affair of MRT. */
function readMessage(reader: RecordReader, { form, peer, local, section }: Around): Reading {
  const available = reader.left
  if (available < HEADER_LENGTH) {
    return { kind: 'wrong', reason: `${available} octets cannot be a BGP message`, section }
  }
  const length = readU16(reader.bytes, reader.at + MARKER_LENGTH)
  if (length < HEADER_LENGTH || length > available) {
    return { kind: 'wrong', reason: `a BGP message of ${length} octets in ${available} octets`, section }
  }
  const { hasPathIds, isLocal } = form
  const fourOctetAs = form.asOctets === 4
  const record: MessageRecord = {
    kind: 'message',
    peer,
    local,
    fourOctetAs,
    hasPathIds,
    isLocal,
    message: reader.borrow(length),
  }
  return record
}

const LEGACY_SECTION = 'RFC 6396 B.2'

/** Reads the content of a record of type BGP: peers have two-octet AS numbers and IPv4 addresses. */
export function readLegacy(reader: RecordReader, subtype: number): Reading {
  const isState = subtype === LegacySubtype.STATE_CHANGE
  if (!isState && subtype !== LegacySubtype.UPDATE) return { kind: 'skipped' }
  const peer: MrtPeer = { asn: reader.u16(), address: reader.take(4) }
  if (isState) return readStateChange(reader, peer, { asn: 0, address: new Uint8Array(4) }, LEGACY_SECTION)
  const local: MrtPeer = { asn: reader.u16(), address: reader.take(4) }
  if (reader.isShort) return { kind: 'wrong', reason: 'the record ends inside its header', section: LEGACY_SECTION }
  if (reader.left > 0xffff - HEADER_LENGTH) {
    return { kind: 'wrong', reason: `an UPDATE of ${reader.left} octets`, section: LEGACY_SECTION }
  }
  const update = encodeMessage(MessageType.UPDATE, reader.borrow(reader.left))
  return { kind: 'message', peer, local, fourOctetAs: false, hasPathIds: false, isLocal: false, message: update }
}
