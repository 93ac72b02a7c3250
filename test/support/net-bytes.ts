/** BGP messages by hand, for tests of the network side: nothing here comes from the encoders of wire/. */

const OPEN = 1
export const UPDATE = 2
export const NOTIFICATION = 3
export const KEEPALIVE = 4

/** A message with the given type and body. */
export function message(type: number, body: readonly number[] = []): Uint8Array {
  const length = 19 + body.length
  return Uint8Array.from([...Array<number>(16).fill(0xff), length >> 8, length & 0xff, type, ...body])
}

/** An OPEN of a modern speaker: IPv4 unicast, route refresh, four-octet AS. The router id is 192.0.2.`id`. */
export function openMessage({ asn = 64512, id = 99, holdTimeS = 90 } = {}): Uint8Array {
  const capabilities = [1, 4, 0, 1, 0, 1, 2, 0, 65, 4, 0, 0, asn >> 8, asn & 0xff]
  const parameters = [2, capabilities.length, ...capabilities]
  const fixed = [4, asn >> 8, asn & 0xff, holdTimeS >> 8, holdTimeS & 0xff, 192, 0, 2, id]
  return message(OPEN, [...fixed, parameters.length, ...parameters])
}

export const keepaliveMessage = (): Uint8Array => message(KEEPALIVE)

/** Withdraws 10.`a`.`b`.0/24: the smallest UPDATE that says something. */
export const updateMessage = (a: number, b = 0): Uint8Array => message(UPDATE, [0, 4, 24, 10, a, b, 0, 0])

/** `count` copies of a message in one piece. */
export function repeated(bytes: Uint8Array, count: number): Uint8Array {
  const out = new Uint8Array(bytes.length * count)
  for (let i = 0; i < count; i++) out.set(bytes, i * bytes.length)
  return out
}

/** Cuts a stream into messages; octets after the last whole one are left out. */
export function messagesIn(stream: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at + 19 <= stream.length; ) {
    const length = ((stream[at + 16] ?? 0) << 8) | (stream[at + 17] ?? 0)
    if (length < 19 || at + length > stream.length) break
    messages.push(stream.slice(at, at + length))
    at += length
  }
  return messages
}

export const typeOf = (bytes: Uint8Array): number => bytes[18] ?? 0
