import { afterEach, describe, expect, it } from 'vitest'
import { sessionNotification } from '../../../src/observe/channels.ts'
import { createMetrics, type Metrics } from '../../../src/observe/metrics.ts'
import { DOWN_PEER, SampleViews, samplePeer } from '../api/sample-views.ts'

let metrics: Metrics | undefined

afterEach(() => metrics?.close())

function open(views = new SampleViews(), processMetrics = false): Metrics {
  metrics = createMetrics(views, { processMetrics })
  return metrics
}

/** Prometheus text format 0.0.4: every line a comment or `name{labels} value`, every name announced by HELP and TYPE. */
function parsePage(page: string): Map<string, number> {
  const series = new Map<string, number>()
  const announced = new Set<string>()
  for (const line of page.split('\n')) {
    if (line === '') continue
    const type = /^# TYPE (\w+) (gauge|counter|histogram|summary)$/.exec(line)
    if (type !== null) announced.add(type[1] ?? '')
    if (line.startsWith('#')) continue
    const sample = /^([a-zA-Z_:]\w*)(\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line)
    expect(sample, line).not.toBeNull()
    const [, name = '', labels = '', value = ''] = sample ?? []
    expect(announced.has(name) || announced.has(name.replace(/_(bucket|sum|count)$/, '')), name).toBe(true)
    expect(series.has(name + labels), line).toBe(false)
    series.set(name + labels, Number(value))
  }
  return series
}

function notify(peer: string, code: number, subcode: number, direction: 'sent' | 'received' = 'received'): void {
  sessionNotification.publish({
    peer,
    remoteAddress: '10.0.0.254',
    direction,
    code,
    subcode,
    data: new Uint8Array(),
    reason: '',
  })
}

describe('the metrics page', () => {
  it('tells the state of the speaker under the agreed names', async () => {
    const series = parsePage(await open().text())
    expect(Object.fromEntries(series)).toMatchObject({
      'bgp_peer_state{peer="10.0.0.254",name="tor-a",asn="65001"}': 6,
      'bgp_peer_state{peer="2001:db8::2",name="node/b ü",asn="64512"}': 3,
      'bgp_peer_established_transitions_total{peer="10.0.0.254"}': 2,
      'bgp_peer_flaps_total{peer="10.0.0.254"}': 1,
      'bgp_peer_uptime_seconds{peer="10.0.0.254"}': 3725,
      'bgp_messages_total{peer="10.0.0.254",direction="received",type="update"}': 30,
      'bgp_messages_total{peer="10.0.0.254",direction="sent",type="route-refresh"}': 1,
      'bgp_routes_received{peer="10.0.0.254",route_family="ipv4-unicast"}': 120,
      'bgp_routes_accepted{peer="10.0.0.254",route_family="ipv4-unicast"}': 118,
      'bgp_routes_advertised{peer="10.0.0.254",route_family="ipv4-unicast"}': 42,
      'bgp_update_errors_total{peer="10.0.0.254",action="discard"}': 2,
      'bgp_peer_tx_queue_bytes{peer="10.0.0.254"}': 0,
      'bgp_rib_prefixes{route_family="ipv4-unicast"}': 2,
      'bgp_rib_routes{route_family="ipv4-unicast"}': 3,
      bgp_rib_attribute_sets: 2,
      'bgp_kernel_up{backend="rtnetlink"}': 1,
      'bgp_kernel_routes{state="failed"}': 1,
      'bgp_kernel_errors_total{errno="EEXIST"}': 3,
      bgp_config_last_reload_success_timestamp_seconds: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      'bgp_build_info{version="1.2.3",node="v20.20.2"}': 1,
    })
  })

  it('has no series for what is not known', async () => {
    const series = parsePage(await open().text())
    const names = [...series.keys()]
    expect(names.some(name => name.startsWith('bgp_peer_uptime_seconds{peer="2001:db8::2"'))).toBe(false)
    expect(names.some(name => name.startsWith('bgp_routes_received{peer="2001:db8::2"'))).toBe(false)
  })

  it('splits routes by family where that is known', async () => {
    const views = new SampleViews()
    const counts = { received: 7, accepted: 6, advertised: 5 }
    views.peerList = [samplePeer({ routesByFamily: [{ family: 'ipv6-unicast', ...counts }] })]
    const series = parsePage(await open(views).text())
    expect(series.get('bgp_routes_received{peer="10.0.0.254",route_family="ipv6-unicast"}')).toBe(7)
    expect(series.has('bgp_routes_received{peer="10.0.0.254",route_family="ipv4-unicast"}')).toBe(false)
  })

  it('sums up what is not known by family', async () => {
    const views = new SampleViews()
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const
    const routesByFamily = families.map(family => ({ family, received: 7, accepted: 6, advertised: null }))
    views.peerList = [samplePeer({ families: [...families], routesByFamily, routesAdvertised: 42 })]
    const series = parsePage(await open(views).text())
    expect(series.get('bgp_routes_received{peer="10.0.0.254",route_family="ipv6-unicast"}')).toBe(7)
    expect(series.get('bgp_routes_advertised{peer="10.0.0.254",route_family="all"}')).toBe(42)
  })

  it('tells what limits are and what they did, and how much memory attributes take', async () => {
    const series = parsePage(await open().text())
    const labels = '{peer="10.0.0.254",route_family="ipv4-unicast",kind="received"}'
    expect(series.get(`bgp_peer_route_limit${labels}`)).toBe(150)
    expect(series.get(`bgp_peer_route_limit_reached${labels}`)).toBe(1)
    expect(series.get(`bgp_peer_route_limit_reached_total${labels}`)).toBe(2)
    expect(series.get(`bgp_peer_routes_blocked_total${labels}`)).toBe(31)
    expect(series.get('bgp_peer_attribute_bytes{peer="10.0.0.254"}')).toBe(5120)
    expect(series.get('bgp_peer_attribute_limit_bytes{peer="10.0.0.254"}')).toBe(1_000_000)
    expect(series.has('bgp_peer_attribute_bytes{peer="2001:db8::2"}')).toBe(false)
  })

  it('has histograms that Prometheus takes for such, cumulative and in seconds', async () => {
    const page = await open().text()
    const lines = page.split('\n').filter(line => line.includes('bgp_kernel_sync_seconds'))
    expect(lines).toEqual([
      "# HELP bgp_kernel_sync_seconds From the wish for a route to the kernel's answer.",
      '# TYPE bgp_kernel_sync_seconds histogram',
      'bgp_kernel_sync_seconds_bucket{le="0.001"} 3',
      'bgp_kernel_sync_seconds_bucket{le="0.002"} 4',
      'bgp_kernel_sync_seconds_bucket{le="+Inf"} 5',
      'bgp_kernel_sync_seconds_sum 0.008',
      'bgp_kernel_sync_seconds_count 5',
    ])
    expect(page).toContain('# TYPE bgp_kernel_learn_seconds histogram')
  })

  it('counts what happened to neighbours from ranges by range', async () => {
    const series = parsePage(await open().text())
    expect(series.get('bgp_range_update_resets_total{range="nodes"}')).toBe(2)
  })

  it('reads the counters again at each scrape and adds nothing up', async () => {
    const views = new SampleViews()
    const page = open(views)
    await page.text()
    views.peerList = [samplePeer({ flapCount: 4 })]
    const series = parsePage(await page.text())
    expect(series.get('bgp_peer_flaps_total{peer="10.0.0.254"}')).toBe(4)
    expect([...series.keys()].some(name => name.includes(DOWN_PEER.address))).toBe(false)
  })

  it('counts notifications in both directions', async () => {
    const page = open()
    notify('tor-a', 6, 4, 'sent')
    notify('tor-a', 6, 4, 'sent')
    notify('tor-a', 4, 0)
    const series = parsePage(await page.text())
    expect(series.get('bgp_notifications_total{peer="10.0.0.254",direction="sent",code="6",subcode="4"}')).toBe(2)
    expect(series.get('bgp_notifications_total{peer="10.0.0.254",direction="received",code="4",subcode="0"}')).toBe(1)
  })

  it('does not grow with the codes a hostile peer makes up', async () => {
    const page = open()
    for (let code = 0; code < 256; code++)
      for (let subcode = 0; subcode < 256; subcode++) notify('tor-a', code, subcode)
    const series = parsePage(await page.text())
    const made = [...series].filter(([name]) => name.startsWith('bgp_notifications_total'))
    expect(made.length).toBeLessThan(70)
    expect(made.reduce((sum, [, value]) => sum + value, 0)).toBe(256 * 256)
  })

  it('escapes what a name may contain', async () => {
    const views = new SampleViews()
    views.peerList = [samplePeer({ name: 'a"b\\c\nd' })]
    const series = parsePage(await open(views).text())
    expect(series.get('bgp_peer_state{peer="10.0.0.254",name="a\\"b\\\\c\\nd",asn="65001"}')).toBe(6)
  })

  it('has the process and the lag of the event loop unless told otherwise', async () => {
    const series = parsePage(await open(new SampleViews(), true).text())
    expect(series.has('nodejs_eventloop_lag_seconds')).toBe(true)
    expect(series.get('process_resident_memory_bytes')).toBeGreaterThan(0)
  })
})
