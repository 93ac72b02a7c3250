/**
 * Compiled policies by what they say and for which type of session: a policy that another reading of the file has brought again is
 * the same object, and peers with one policy share one, which is what puts them into one update group. Called by routing.ts.
 */
import { type Config, type PeerConfig, policyText, type SpeakerConfig } from '../config/index.ts'
import { type CompiledPolicy, compilePolicy, type PeerType, type Policy } from '../policy/index.ts'

export class PolicyShelf {
  readonly #speaker: SpeakerConfig
  readonly #compiled = new Map<string, CompiledPolicy>()

  constructor(speaker: SpeakerConfig) {
    this.#speaker = speaker
  }

  get(policy: Policy, { asn }: Pick<PeerConfig, 'asn'>): CompiledPolicy {
    const localAsn = this.#speaker.asn
    const type: PeerType = asn === localAsn ? 'ibgp' : 'ebgp'
    const text = `${type} ${policyText(policy)}`
    let compiled = this.#compiled.get(text)
    if (compiled === undefined) {
      compiled = compilePolicy(policy, { type, localAsn })
      this.#compiled.set(text, compiled)
    }
    return compiled
  }

  /** Forgets what nobody uses any more. */
  keepOnly({ peers, peerRanges }: Pick<Config, 'peers' | 'peerRanges'>): void {
    const used = new Set([...peers, ...peerRanges].flatMap(item => [policyText(item.import), policyText(item.export)]))
    for (const text of this.#compiled.keys())
      if (!used.has(text.slice(text.indexOf(' ') + 1))) this.#compiled.delete(text)
  }
}
