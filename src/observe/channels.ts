/**
 * Typed diagnostics channels: how parts of the speaker say what happened without knowing who listens (logs, metrics, history, API events).
 *
 * Built on node:diagnostics_channel, so that a user of the library can subscribe by name as well. A publisher asks `hasSubscribers` before it
 * builds an event, which keeps an unobserved speaker free of that cost. A subscriber's exception does not reach the publisher: Node rethrows it
 * later as an uncaught exception. Values are plain data; text from peers is as received and has to be escaped by whoever prints it.
 */
import { type Channel, channel } from 'node:diagnostics_channel'

/** One named channel whose events have the type `Event`. */
export class EventChannel<Event extends object> {
  readonly name: string
  readonly #channel: Channel

  constructor(name: string) {
    this.name = name
    this.#channel = channel(name)
  }

  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers
  }

  publish(event: Event): void {
    this.#channel.publish(event)
  }

  /** Calls `listener` for every later event, synchronously. The returned function ends the subscription. */
  subscribe(listener: (event: Event) => void): () => void {
    const forward = (event: unknown): void => listener(event as Event)
    this.#channel.subscribe(forward)
    return () => this.#channel.unsubscribe(forward)
  }
}

/** A peer's state machine moved (RFC 4271 8.2.2). */
export interface SessionStateEvent {
  readonly peer: string
  readonly remoteAddress: string
  readonly from: string
  readonly to: string
  readonly cause: string
}

/** A NOTIFICATION went out or came in (RFC 4271 4.5). */
export interface SessionNotificationEvent {
  readonly peer: string
  readonly remoteAddress: string
  readonly direction: 'sent' | 'received'
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array
  readonly reason: string
}

/** An incoming connection was turned away before it became anybody's session. */
export interface SessionRefusedEvent {
  readonly remoteAddress: string
  readonly reason: string
  /** How often this reason has occurred on this listener, this time included. */
  readonly count: number
}

/** An outgoing connection attempt came to nothing. */
export interface SessionDialFailedEvent {
  readonly peer: string
  readonly remoteAddress: string
  readonly reason: string
}

/** A handler threw; its session was ended. */
export interface SessionFaultEvent {
  readonly peer: string
  readonly remoteAddress: string
  readonly message: string
  /** Present the first time this fault occurs for this peer, absent on repetition. */
  readonly stack?: string
  readonly count: number
}

/** A listening socket came, went, or failed. */
export interface ListenerEvent {
  readonly address: string
  readonly port: number
  readonly state: 'listening' | 'closed' | 'failed'
  readonly reason?: string
}

/** A neighbour has more routes than it may (RFC 4486 4); heard once until it has fallen below three quarters of the limit. */
export interface RouteLimitEvent {
  readonly peer: string
  readonly family: string
  /** Before or after import policy. */
  readonly kind: 'received' | 'accepted'
  readonly limit: number
  readonly count: number
  readonly action: 'warn' | 'block' | 'reset'
}

export const sessionState = new EventChannel<SessionStateEvent>('godwit:session:state')
export const sessionNotification = new EventChannel<SessionNotificationEvent>('godwit:session:notification')
export const sessionRefused = new EventChannel<SessionRefusedEvent>('godwit:session:refused')
export const sessionDialFailed = new EventChannel<SessionDialFailedEvent>('godwit:session:dial-failed')
export const sessionFault = new EventChannel<SessionFaultEvent>('godwit:session:fault')
export const routeLimit = new EventChannel<RouteLimitEvent>('godwit:route:limit')
export const listenerState = new EventChannel<ListenerEvent>('godwit:listener:state')
