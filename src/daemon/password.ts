/**
 * Passwords out of files: a configuration as it was read becomes one that holds every password, so that a reload sees a file whose content has changed and a
 * session never depends on a file that has gone since. Called at start (speaker.ts) and at every reload (reload.ts), before anything is touched.
 *
 * A password that cannot be had ends the start, or refuses the reload: a session without it would be one that somebody wanted protected.
 */
import { readFileSync, statSync } from 'node:fs'
import { type Config, PASSWORD_MAX_OCTETS, Password, type SessionConfig } from '../config/index.ts'
import { StartError } from '../observe/start-error.ts'

/** Far more than a password may have, so that its length can be told. */
const FILE_MAX_OCTETS = 4096

/** The configuration with the content of every password file. Throws a StartError, which names the file and never what is in it. */
export function withPasswords(config: Config): Config {
  return { ...config, peers: config.peers.map(withPassword), peerRanges: config.peerRanges.map(withPassword) }
}

function withPassword<Item extends SessionConfig>(item: Item): Item {
  const { name, passwordFile } = item
  return passwordFile === undefined ? item : { ...item, password: readPassword(name, passwordFile) }
}

/** The octets of the file as they are; one newline at the end, or carriage return and newline, is the editor's. */
function readPassword(peer: string, path: string): Password {
  const octets = readOctets(peer, path)
  const text = octets.at(-1) === 0x0a ? octets.subarray(0, octets.at(-2) === 0x0d ? -2 : -1) : octets
  if (text.length > 0 && text.length <= PASSWORD_MAX_OCTETS) return new Password(Uint8Array.from(text))
  throw new StartError(
    'password-file-unusable',
    `the password file of peer ${peer}, ${path}, ${text.length === 0 ? 'is empty' : `has ${text.length} octets`}`,
    `put a password of 1 to ${PASSWORD_MAX_OCTETS} octets in it`,
  )
}

function readOctets(peer: string, path: string): Uint8Array {
  let why: string
  try {
    const status = statSync(path)
    if (status.isFile() && status.size <= FILE_MAX_OCTETS) return readFileSync(path)
    why = status.isFile() ? `it has ${status.size} octets` : 'it is not a file'
  } catch (error) {
    why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  }
  throw new StartError(
    'password-file-unreadable',
    `the password file of peer ${peer}, ${path}, cannot be read: ${why}`,
    'check passwordFile, and that the user godwit runs as may read it',
  )
}
