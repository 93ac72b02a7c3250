/**
 * Properties of decoded messages (RFC 7606 2, 3 h): actions are legal and as strong as their problems, resets carry a
 * NOTIFICATION that can be sent, whatever was accepted reads the same after it is written again, and everything can be
 * shown to people. Called by the message and attribute targets.
 */
import type {
  Action,
  Attribute,
  AttributeProblem,
  Capability,
  CodecContext,
  Message,
  Notification,
  Result,
  Update,
} from '../../../wire/index.ts'
import {
  decodeMessage,
  decodeNotification,
  describeNotification,
  encodeNotification,
  encodeOpen,
  encodeRouteRefresh,
  encodeUpdate,
  endOfRib,
  formatAttribute,
  formatCapability,
} from '../../../wire/index.ts'
import { check, digest, kindOf, mix } from '../check.ts'

const STRENGTH: Readonly<Record<string, number>> = { accept: 0, discard: 1, withdraw: 2, reset: 3 }

/** The verdict on a block is one of the four, and that of its strongest problem. */
export function checkVerdict(action: Action, problems: readonly AttributeProblem[]): number {
  check(action in STRENGTH, 'legal action', () => `action is ${action}`)
  let strongest = 0
  const outcome = digest(action)
  let kinds = 0
  for (const [i, problem] of problems.entries()) {
    check((STRENGTH[problem.action] ?? 0) > 0, 'legal action', () => `problem with action ${problem.action}`)
    check(problem.reason.length > 0 && problem.code >= 0 && problem.code <= 255, 'named problem', () =>
      JSON.stringify(problem),
    )
    strongest = Math.max(strongest, STRENGTH[problem.action] ?? 0)
    // The first tells enough, and codes nobody knows are one: all combinations would be no help.
    if (i === 0) kinds = digest(kindOf(problem.reason), problem.code <= 40 ? problem.code : 255)
  }
  check(strongest === STRENGTH[action], 'strongest action wins', () => `${action} of ${JSON.stringify(problems)}`)
  return mix(outcome, kinds)
}

/** A NOTIFICATION that wire wants sent can be sent, and is understood. */
export function checkError(error: Notification): number {
  check([1, 2, 3, 7].includes(error.code), 'error of a message', () => `${error.code}/${error.subcode}`)
  check(error.reason.length > 0, 'error has a reason', () => `${error.code}/${error.subcode}`)
  check(error.data instanceof Uint8Array, 'data of an error', () => `${typeof error.data}`)
  const encoded = encodeNotification(error)
  check(encoded.length <= 4096 && encoded.length >= 21, 'NOTIFICATION fits', () => `${encoded.length} octets`)
  const back = decodeNotification(encoded, 19, encoded.length)
  check(back.code === error.code && back.subcode === error.subcode, 'NOTIFICATION round trip', () =>
    describeNotification(back.code, back.subcode),
  )
  return mix(error.code * 256 + error.subcode, digest(kindOf(error.reason)))
}

/** Everything that must hold for one decoded message. Returns the kind of outcome. */
export function checkMessage(result: Result<Message>, context: CodecContext): number {
  if (!result.ok) return checkError(result.error)
  const message = result.value
  switch (message.type) {
    case 'update':
      return checkUpdate(message.update, context)
    case 'open': {
      const { open } = message
      const exactly = { ...open, capabilities: open.capabilities.filter(isExact) }
      same(
        digest(exactly),
        reread(1, encodeOpen(exactly), context, m => m.type === 'open' && m.open),
        'OPEN round trip',
      )
      let outcome = mix(1, Math.min(open.capabilities.length, 4))
      for (const capability of open.capabilities) {
        check(formatCapability(capability).length > 0, 'a capability has words', () => capability.kind)
        outcome = digest(capability.kind)
      }
      return outcome
    }
    case 'notification': {
      const { notification } = message
      const encoded = encodeNotification(notification)
      check(!/\p{Cc}/u.test(notification.reason), 'reason is one printable line', () =>
        JSON.stringify(notification.reason),
      )
      if (notification.data.length <= 4075 && notification.code !== 0) {
        same(
          digest(notification),
          reread(3, encoded, context, m => m.type === 'notification' && m.notification),
          'NOTIFICATION round trip',
        )
      }
      return mix(3, Math.min(notification.code, 9) * 16 + Math.min(notification.subcode, 15))
    }
    case 'route-refresh': {
      const { refresh } = message
      const encoded = encodeRouteRefresh(refresh)
      same(
        digest(refresh),
        reread(5, encoded, context, m => m.type === 'route-refresh' && m.refresh),
        'ROUTE-REFRESH round trip',
      )
      return mix(5, Math.min(refresh.subtype, 4))
    }
    case 'keepalive':
      return 4
  }
}

/** Names are shown as text, made safe to print, and so do not come back as the octets they were. */
const isExact = ({ kind }: Capability): boolean => kind !== 'fqdn' && kind !== 'software-version'

function reread(
  type: number,
  encoded: Uint8Array,
  context: CodecContext,
  part: (message: Message) => unknown,
): number | string {
  const again = decodeMessage(type, encoded, 0, encoded.length, context)
  return again.ok ? digest(part(again.value)) : `${again.error.code}/${again.error.subcode} ${again.error.reason}`
}

function same(a: number, b: number | string, property: string): void {
  check(a === b, property, () =>
    typeof b === 'string' ? `written again it is refused: ${b}` : 'written again it reads differently',
  )
}

function checkUpdate(update: Update, context: CodecContext): number {
  check(
    update.action in STRENGTH && (update.action as string) !== 'reset',
    'legal action',
    () => `action is ${update.action}`,
  )
  const outcome = checkVerdict(update.action, update.problems)
  for (const attribute of update.attributes) {
    if (update.action !== 'withdraw') {
      const line = formatAttribute(attribute)
      check(!/\p{Cc}/u.test(line) && !line.includes('undefined'), 'an attribute is one printable line', () =>
        JSON.stringify(line),
      )
    }
  }
  endOfRib(update)
  if (update.action === 'accept' || update.action === 'discard') checkRewritten(update, context)
  return outcome
}

/** Written again in the same session, accepted content is accepted whole and reads the same. */
function checkRewritten(update: Update, context: CodecContext): void {
  const addPath =
    context.addPath === undefined
      ? {}
      : { addPath: { receive: context.addPath.receive, send: context.addPath.receive } }
  const back: CodecContext = { ...context, ...addPath, maxLength: 65535 }
  let encoded: Uint8Array
  try {
    encoded = encodeUpdate(update, back)
  } catch (error) {
    // What grew past the limit, with AS numbers told twice, is the affair of whoever builds UPDATEs.
    if (error instanceof RangeError) return
    throw error
  }
  const again = decodeMessage(2, encoded, 0, encoded.length, back)
  check(again.ok && again.value.type === 'update', 'UPDATE round trip', () =>
    again.ok ? again.value.type : `refused: ${again.error.reason}`,
  )
  if (!again.ok || again.value.type !== 'update') return
  const { withdrawn, attributes, nlri, action, problems } = again.value.update
  check(action === 'accept', 'UPDATE round trip', () => `written again: ${action}, ${JSON.stringify(problems)}`)
  const before = contentDigest(update.withdrawn, update.attributes, update.nlri)
  const after = contentDigest(withdrawn, attributes, nlri)
  check(
    before === after,
    'UPDATE round trip',
    () => `${JSON.stringify(update.attributes)} became ${JSON.stringify(attributes)}`,
  )
}

function contentDigest(withdrawn: Update['withdrawn'], attributes: readonly Attribute[], nlri: Update['nlri']): number {
  return digest([withdrawn, attributes.map(joined), nlri])
}

/**
 * Two-octet speakers may be told one sequence in several segments (RFC 6793 4.2.3), so neighbouring ones count as one; and
 * the Extended Length flag is a matter of writing.
 */
function joined(attribute: Attribute): Attribute {
  if (attribute.type === 'unknown') return { ...attribute, flags: attribute.flags & ~0x10 }
  if (attribute.type !== 'as-path') return attribute
  const segments: { type: (typeof attribute.segments)[number]['type']; asns: number[] }[] = []
  for (const { type, asns } of attribute.segments) {
    const last = segments.at(-1)
    if (last !== undefined && last.type === type && type === 'sequence') last.asns.push(...asns)
    else segments.push({ type, asns: [...asns] })
  }
  return { type: 'as-path', segments }
}
