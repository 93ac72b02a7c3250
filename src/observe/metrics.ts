/**
 * Metrics for Prometheus. The speaker counts in plain fields; this page reads them through the views when it is scraped, so counting costs nothing and
 * nothing is counted twice. What is on the page is in metric-rows.ts. Called by src/daemon, served by src/api/metrics-server.ts.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Views } from '../api/views.ts'
import { sessionNotification } from './channels.ts'
import { CollectedHistogram } from './histogram.ts'
import { type Put, ROWS, type Row, type Snapshot } from './metric-rows.ts'
import { NotificationCounts } from './notification-counts.ts'

export interface Metrics {
  readonly contentType: string
  /** The page as of now. */
  text(): Promise<string>
  /** Stops listening to the channels. */
  close(): void
}

export interface MetricsOptions {
  /** Series about the process itself (memory, garbage collection, event loop lag). Default true. */
  readonly processMetrics?: boolean
}

export function createMetrics(views: Views, options: MetricsOptions = {}): Metrics {
  const registry = new Registry()
  const notifications = new NotificationCounts()
  const unsubscribe = sessionNotification.subscribe(event => notifications.count(event))
  let snapshot: Snapshot | undefined
  for (const row of ROWS) register(registry, row, () => snapshot)
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry })
  return {
    contentType: registry.contentType,
    async text() {
      const all = views.peers()
      const peers = all.filter(({ range }) => range === null)
      const members = all.filter(({ range }) => range !== null)
      snapshot = { status: views.status(), peers, members, notifications }
      notifications.keepOnly(snapshot.peers)
      return registry.metrics()
    },
    close: unsubscribe,
  }
}

function register(registry: Registry, row: Row, take: () => Snapshot | undefined): void {
  if (row.type === 'histogram') {
    const { name, help } = row
    const read = () => {
      const snapshot = take()
      return snapshot && row.read(snapshot)
    }
    registry.registerMetric(new CollectedHistogram({ name, help, read }))
    return
  }
  const options = { name: row.name, help: row.help, labelNames: [...row.labels], registers: [registry] }
  const toLabels = (values: readonly string[]) =>
    Object.fromEntries(row.labels.map((label, at) => [label, values[at] ?? '']))
  const publish = (metric: { reset(): void }, put: Put) => {
    metric.reset()
    const snapshot = take()
    if (snapshot !== undefined) row.read(snapshot, put)
  }
  if (row.type === 'gauge') {
    const gauge: Gauge = new Gauge({
      ...options,
      collect: () => publish(gauge, (value, ...values) => gauge.set(toLabels(values), value)),
    })
  } else {
    const counter: Counter = new Counter({
      ...options,
      collect: () => publish(counter, (value, ...values) => counter.inc(toLabels(values), value)),
    })
  }
}
