/**
 * Any whole message as an object (RFC 4271 4): picks the decoder by the type octet. KEEPALIVE, which has no content, is
 * one shared array. The hot path does not come through here: it takes UPDATEs from the framer by offsets.
 * Called by the peer driver for everything but UPDATEs, and by the CLI and tests for everything.
 */

import type { CodecContext } from './context.ts'
import type { Notification } from './errors.ts'
import { badMessageLength, badMessageType } from './errors.ts'
import { encodeMessage } from './header.ts'
import { HEADER_LENGTH, MessageType } from './iana.ts'
import { decodeNotification } from './notification.ts'
import type { Open } from './open.ts'
import { decodeOpen } from './open.ts'
import type { Result } from './result.ts'
import { failure, success } from './result.ts'
import type { RouteRefresh } from './route-refresh.ts'
import { decodeRouteRefresh } from './route-refresh.ts'
import type { Update } from './update.ts'
import { decodeUpdate } from './update.ts'

/** One BGP message. */
export type Message =
  | { readonly type: 'open'; readonly open: Open }
  | { readonly type: 'keepalive' }
  | { readonly type: 'notification'; readonly notification: Notification }
  | { readonly type: 'route-refresh'; readonly refresh: RouteRefresh }
  | { readonly type: 'update'; readonly update: Update }

/** The KEEPALIVE message (RFC 4271 4.4): shared by everyone, changed by no one. */
export const KEEPALIVE: Uint8Array = encodeMessage(MessageType.KEEPALIVE)

/**
 * Reads the message `bytes[start, end)`, header included; the framer has checked the header. Copies what it returns.
 * Errors are those of the decoder for that type, and 1/3 for a type there is none for.
 */
export function decodeMessage(
  type: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: CodecContext,
): Result<Message> {
  const body = start + HEADER_LENGTH
  switch (type) {
    case MessageType.OPEN:
      return wrap(decodeOpen(bytes, body, end), open => ({ type: 'open', open }))
    case MessageType.UPDATE:
      return wrap(decodeUpdate(bytes, body, end, context), update => ({ type: 'update', update }))
    case MessageType.NOTIFICATION:
      return success({ type: 'notification', notification: decodeNotification(bytes, body, end) })
    case MessageType.KEEPALIVE:
      return end === body ? success({ type: 'keepalive' }) : failure(badMessageLength(end - start))
    case MessageType.ROUTE_REFRESH:
      return wrap(decodeRouteRefresh(bytes, body, end), refresh => ({ type: 'route-refresh', refresh }))
    default:
      return failure(badMessageType(type))
  }
}

function wrap<T>(result: Result<T>, toMessage: (value: T) => Message): Result<Message> {
  return result.ok ? success(toMessage(result.value)) : result
}
