/**
 * Segments that the kernel refused for want of a good signature or TTL, which no socket of ours ever hears of: counters of the network namespace
 * (/proc/net/netstat, TcpExt), as growth since the speaker began to listen. Other programs with keys in the same namespace count as well. Called by peer-set.ts.
 */
import { readFileSync } from 'node:fs'

const FILE = '/proc/self/net/netstat'
/** Our words, and the kernel's: RFC 2385 with a wrong key, without one, with one where none is set; RFC 5082. */
const COUNTERS = {
  'md5-wrong': 'TCPMD5Failure',
  'md5-missing': 'TCPMD5NotFound',
  'md5-unexpected': 'TCPMD5Unexpected',
  'ttl-segment': 'TCPMinTTLDrop',
} as const

export type KernelRefusal = keyof typeof COUNTERS

export class KernelRefusals {
  #first: Readonly<Record<KernelRefusal, number>> | undefined

  begin(): void {
    this.#first = read()
  }

  /** Since `begin`; all 0 before it, and where the kernel does not tell. */
  counts(): Readonly<Record<KernelRefusal, number>> {
    const first = this.#first
    const now = first && read()
    const since = (name: KernelRefusal): number => Math.max(0, (now?.[name] ?? 0) - (first?.[name] ?? 0))
    return {
      'md5-wrong': since('md5-wrong'),
      'md5-missing': since('md5-missing'),
      'md5-unexpected': since('md5-unexpected'),
      'ttl-segment': since('ttl-segment'),
    }
  }
}

function read(): Record<KernelRefusal, number> {
  const values = tcpExtensions()
  const value = (name: KernelRefusal): number => values.get(COUNTERS[name]) ?? 0
  return {
    'md5-wrong': value('md5-wrong'),
    'md5-missing': value('md5-missing'),
    'md5-unexpected': value('md5-unexpected'),
    'ttl-segment': value('ttl-segment'),
  }
}

/** The file has a line of names and a line of numbers for each protocol. */
function tcpExtensions(): ReadonlyMap<string, number> {
  let text: string
  try {
    text = readFileSync(FILE, 'utf8')
  } catch {
    return new Map()
  }
  const [names, numbers] = text.split('\n').filter(line => line.startsWith('TcpExt:'))
  const values = numbers?.split(' ') ?? []
  return new Map((names?.split(' ') ?? []).map((name, at) => [name, Number(values[at])]))
}
