/**
 * What really went over a link: `tcpdump` writes the BGP sessions of one interface to a file, our own decoder reads it (the same as
 * `godwit decode`). Every message has its sender, so either side can be asked what it said. Ask as often as you like; the capture runs on.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_OPTIONS, decodeFile } from '../../../src/decode/index.ts'
import type { LabProcess } from '../../../src/lab/process.ts'
import type { Place } from './port.ts'

const START_TIMEOUT_MS = 10_000
const PCAP_HEADER_OCTETS = 24

interface WireAttribute {
  readonly code: number
  readonly type: string
  /** In BIRD's words. */
  readonly text: string
  readonly nextHop?: readonly string[]
  readonly nlri?: readonly WireNlri[]
}

type WireNlri = string | { readonly prefix: string; readonly pathId: number }

export interface WireMessage {
  readonly from: { readonly address: string; readonly port: number }
  readonly to: { readonly address: string; readonly port: number }
  readonly time: string
  readonly content: {
    readonly type: 'open' | 'update' | 'notification' | 'keepalive' | 'route-refresh'
    readonly length: number
    readonly nlri?: readonly WireNlri[]
    readonly withdrawn?: readonly WireNlri[]
    readonly attributes?: readonly WireAttribute[]
    readonly asn?: number
    readonly holdTimeS?: number
    readonly capabilities?: readonly { readonly code: number; readonly kind: string; readonly text: string }[]
    readonly subtype?: number
    readonly code?: number
    readonly data?: string
  }
  readonly problems: readonly { readonly reason: string }[]
}

export class Tap {
  readonly process: LabProcess
  readonly file: string

  constructor(name: string, { directory, spawn }: Place, device: string) {
    this.file = join(directory, `${name}.pcap`)
    const options = ['-U', '--immediate-mode', '-s', '70000', '-B', '65536', '-Z', 'root', '-w', this.file]
    const args = ['-i', device, ...options, 'tcp', 'port', '179']
    this.process = spawn({ name, program: 'tcpdump', args, logFile: join(directory, `${name}.log`) })
  }

  ready(): Promise<void> {
    const size = (): number => statSync(this.file, { throwIfNoEntry: false })?.size ?? 0
    return this.process.ready(() => Promise.resolve(size() >= PCAP_HEADER_OCTETS), START_TIMEOUT_MS)
  }

  /** All messages so far, in the order they were captured. */
  async messages(): Promise<WireMessage[]> {
    let text = ''
    const request = { options: DEFAULT_OPTIONS, form: 'json', content: { kind: 'messages' } } as const
    const collect = (piece: string): void => {
      text += piece
    }
    await decodeFile(this.file, 'pcap', request, { write: collect, complain: collect })
    const lines = text.split('\n').filter(line => line.startsWith('{"schema":"godwit/v1","kind":"Message"'))
    return lines.map(line => JSON.parse(line) as WireMessage)
  }

  /** Messages one address sent to another. */
  async sent(from: string, to: string): Promise<WireMessage[]> {
    const all = await this.messages()
    return all.filter(message => message.from.address === from && message.to.address === to)
  }
}

const prefixOf = (nlri: WireNlri): string => (typeof nlri === 'string' ? nlri : nlri.prefix)

function reachedBy({ content }: WireMessage): WireNlri[] {
  const reached = content.attributes?.find(({ type }) => type === 'mp-reach')?.nlri ?? []
  return [...(content.nlri ?? []), ...reached]
}

function lostBy({ content }: WireMessage): WireNlri[] {
  const gone = content.attributes?.find(({ type }) => type === 'mp-unreach')?.nlri ?? []
  return [...(content.withdrawn ?? []), ...gone]
}

/** Prefixes an UPDATE announces, in whichever field. */
export const announcedBy = (message: WireMessage): string[] => reachedBy(message).map(prefixOf)

/** Prefixes an UPDATE takes back. */
export const withdrawnBy = (message: WireMessage): string[] => lostBy(message).map(prefixOf)

/** What is told of a prefix after these messages: AS_PATH by path identifier; throws for an NLRI without one. */
export function pathsTold(messages: readonly WireMessage[], prefix: string): Map<number, string> {
  const paths = new Map<number, string>()
  const idsIn = (nlri: readonly WireNlri[]): number[] =>
    nlri.flatMap(each => {
      if (prefixOf(each) !== prefix) return []
      if (typeof each === 'string') throw new Error(`${prefix} has no path identifier on the wire`)
      return [each.pathId]
    })
  for (const message of messages) {
    for (const id of idsIn(lostBy(message))) paths.delete(id)
    const asPath = message.content.attributes?.find(({ type }) => type === 'as-path')?.text ?? ''
    for (const id of idsIn(reachedBy(message))) paths.set(id, asPath)
  }
  return paths
}

/** The attributes of the last UPDATE that announces a prefix, as text by name; next hops are one line whatever the family. */
export function attributesTold(messages: readonly WireMessage[], prefix: string): Record<string, string> | undefined {
  const update = messages.findLast(message => announcedBy(message).includes(prefix))
  const entries = update?.content.attributes?.map(({ type, text, nextHop }) =>
    type === 'mp-reach' ? ['next-hop', (nextHop ?? []).join(' ')] : [type, text],
  )
  return entries === undefined ? undefined : (Object.fromEntries(entries) as Record<string, string>)
}
