/**
 * The part of completion that yargs cannot know: names of peers, asked of the daemon each time somebody presses the tab key where one is wanted. The daemon is
 * given up on quickly and silently. Called by main.ts.
 */
import type { PeerView } from '../api/schema.ts'
import type { CliContext } from './context.ts'

const PATIENCE_MS = 300

/** Names to offer; none when something else is wanted. `words` are those on the command line, `godwit` first, the unfinished one last. */
export async function completePeer(words: readonly string[], context: CliContext): Promise<string[]> {
  const current = words.at(-1) ?? ''
  if (!wantsPeer(words) || current.startsWith('-')) return []
  const names = [...(await peerNames(words, context)), ...(wantsPeerOrAll(words) ? ['all'] : [])]
  return names.filter(name => name.startsWith(current))
}

/** Commands whose first argument is a peer. */
const TO_PEERS: ReadonlySet<string | undefined> = new Set(['disable', 'enable', 'restart', 'refresh'])

/** `godwit show peers <tab>`, `godwit disable <tab>`, `… --peer <tab>` */
function wantsPeer(words: readonly string[]): boolean {
  if (words.at(-2) === '--peer') return true
  return (words[1] === 'show' && words[2] === 'peers' && words.length === 4) || wantsPeerOrAll(words)
}

function wantsPeerOrAll(words: readonly string[]): boolean {
  return TO_PEERS.has(words[1]) && words.length === 3
}

async function peerNames(words: readonly string[], context: CliContext): Promise<string[]> {
  const { readList, socketPath } = await import('./client.ts')
  const option = words.indexOf('--socket')
  const socket = socketPath(option < 0 ? undefined : words[option + 1], context.env)
  const names: string[] = []
  try {
    const request = { socket, path: '/v1/peers', kind: 'PeerList', patienceMs: PATIENCE_MS }
    for await (const peer of readList<PeerView>(request)) names.push(peer.name)
  } catch {
    return []
  }
  return names
}
