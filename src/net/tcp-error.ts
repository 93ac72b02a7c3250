/** Errors of sockets in words, for the state machine's history, logs and `show peers`. Called by connection.ts and dialer.ts. */

const TCP_ERRORS: Readonly<Record<string, string>> = {
  ECONNRESET: 'connection reset by peer',
  EPIPE: 'connection closed by peer while writing',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network down',
  ECONNREFUSED: 'connection refused',
  EADDRNOTAVAIL: 'local address not available',
  EADDRINUSE: 'local address in use',
  EACCES: 'permission denied',
}

/** An operating system error in words, with its name for searching. */
export function describeTcpError(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const words = code === undefined ? undefined : TCP_ERRORS[code]
  return words === undefined ? error.message : `${words} (${code})`
}
