/**
 * A network namespace for one test of the kernel side: a veth pair with addresses, commands of `ip`, and what `ip` sees. Needs root and koffi.
 */
import { execFileSync } from 'node:child_process'
import { loadLibc } from '../../src/sys/libc.ts'

let namespaces = 0

/** Why the real kernel cannot be used here, said once for the file; undefined: it can. */
export function whyNoKernel(file: string): string | undefined {
  const libc = loadLibc()
  const reason = process.getuid?.() !== 0 ? 'not root' : libc.isLoaded ? undefined : libc.reason
  if (reason !== undefined) console.log(`${file} is skipped: ${reason}`)
  return reason
}

export class TestNamespace {
  readonly name = `gwk${process.pid}x${namespaces++}`

  /**
   * `va` with 10.99.0.1/24 and fd99::1/64, and its other end `vb`. No link-local addresses: the kernel would tell of them when it has made sure that
   * they are unique, in the middle of whatever a test listens to.
   */
  constructor() {
    execFileSync('ip', ['netns', 'add', this.name])
    this.ip(
      'link set lo up',
      'link add va type veth peer name vb',
      'link set va addrgenmode none',
      'link set vb addrgenmode none',
      'link set va up',
      'link set vb up',
      'addr add 10.99.0.1/24 dev va',
      'addr add fd99::1/64 dev va nodad',
    )
  }

  ip(...commands: readonly string[]): string {
    const input = `${commands.join('\n')}\n`
    return execFileSync('ip', ['-n', this.name, '-batch', '-'], { input, encoding: 'utf8', maxBuffer: 1 << 30 })
  }

  /** What `ip` prints for one command. */
  show(command: string): string {
    return execFileSync('ip', ['-n', this.name, ...command.split(' ')], { encoding: 'utf8', maxBuffer: 1 << 30 })
  }

  /** Routes of our protocol as "10.0.0.0/24 via 10.99.0.2 metric 5", sorted by prefix, IPv4 first. */
  ownRoutes(): string[] {
    const text = this.show('route show proto bird') + this.show('-6 route show proto bird')
    const lines = text
      .replace(/\s*\n\tnexthop/g, ' nexthop')
      .split('\n')
      .filter(line => line.trim() !== '')
    return lines.map(line =>
      line
        .replace(/ (dev \S+|pref medium|proto bird|scope link|weight 1)(?= |$)/g, '')
        .replace(/ +/g, ' ')
        .trim(),
    )
  }

  remove(): void {
    execFileSync('ip', ['netns', 'del', this.name])
  }
}
