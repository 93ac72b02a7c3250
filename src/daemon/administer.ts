/**
 * Orders of an operator to peers that run: down, up, again, routes again (RFC 4271 8.1.2, RFC 4486, RFC 9003, RFC 2918). Each is logged once, with every
 * peer it was for (`administration`). What an operator keeps down stays down over a reload, changed options included, until it is enabled, deconfigured,
 * or the daemon ends: it is an order, not configuration. Called by reload.ts for the control API.
 */
import type { AdministrationReport, AdministrationRequest } from '../api/index.ts'
import type { PeerSet, RefreshObstacle } from '../net/index.ts'
import type { Logger } from '../observe/log.ts'
import { printable } from '../observe/printable.ts'
import type { PeerId } from '../rib/index.ts'

export interface AdministrationParts {
  readonly peers: PeerSet<PeerId>
  readonly logger: Logger
  /** Of all peers, in the order of the configuration. */
  readonly names: readonly string[]
}

type Outcome = AdministrationReport['peers'][number]

export function administer(parts: AdministrationParts, request: AdministrationRequest): AdministrationReport {
  const { action, peer } = request
  const peers = (peer === undefined ? parts.names : [peer]).map(name => ({ name, ...carryOut(name, request, parts) }))
  const text = 'message' in request ? { text: printable(request.message ?? '') } : {}
  parts.logger.info({ event: 'administration', action, ...text, peers }, `${action} by order`)
  return { action, peers }
}

const done = (detail: string) => ({ outcome: 'done', detail }) as const
const unchanged = (detail: string) => ({ outcome: 'unchanged', detail }) as const
const refused = (detail: string) => ({ outcome: 'refused', detail }) as const

function carryOut(name: string, request: AdministrationRequest, { peers }: AdministrationParts): Omit<Outcome, 'name'> {
  const isDisabled = peers.isDisabled(name)
  switch (request.action) {
    case 'disable':
      if (isDisabled) return unchanged('is disabled already')
      peers.disable(name, farewell(request.message))
      return done('is disabled')
    case 'enable': {
      if (!isDisabled && peers.row(name)?.state === 'Established') return unchanged('is up already')
      peers.enable(name)
      return done(isDisabled ? 'is enabled' : 'tries again at once')
    }
    case 'restart':
      if (isDisabled) return refused('is disabled; enable it')
      peers.reset(name, farewell(request.message))
      return done('begins anew')
    case 'refresh': {
      const { direction, family } = request
      const obstacle = peers.refresh(name, direction, family && [family])
      if (obstacle !== undefined) return refused(OBSTACLES[obstacle])
      return done(direction === 'in' ? 'was asked for its routes' : 'is told our routes again')
    }
  }
}

const farewell = (message: string | undefined) => (message === undefined ? {} : { communication: message })

const OBSTACLES: Readonly<Record<RefreshObstacle, string>> = {
  'no-session': 'has no session',
  'not-offered': 'does not offer route refresh (RFC 2918); restart it instead',
  'not-negotiated': 'does not speak this family',
}
