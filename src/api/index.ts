/** What the daemon needs of the control API: the two servers, and the interface it hands in. */
export type { AdministrationRequest, Controls, ReloadRequest } from './controls.ts'
export { type MetricsPage, type MetricsServerOptions, startMetricsServer } from './metrics-server.ts'
export type { AdministrationReport, ReloadReport } from './schema.ts'
export { type ApiServerOptions, type FailureListener, type RunningServer, startApiServer } from './server.ts'
export type {
  ExplanationView,
  KernelRow,
  NextHopRow,
  PeerDetail,
  PeerView,
  Readiness,
  RouteQuery,
  RouteRow,
  StatusView,
  Views,
} from './views.ts'
