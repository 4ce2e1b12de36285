/** Panels that any service has: HTTP, the process, and the metrics pipeline. */
import { healthCheckDuration, healthCheckStatus } from '../../catalogue/health.js';
import { httpServerRequestDuration, httpServerRequestsInFlight } from '../../catalogue/http.js';
import { methodCalls, methodDuration } from '../../catalogue/method.js';
import {
  metricsClusterWorkers,
  metricsCollectorErrors,
  metricsPushFailures,
  metricsRecordingErrors,
  metricsScrapeDuration,
  metricsSeries,
  metricsSeriesFolded,
  metricsSnapshotAge,
} from '../../catalogue/self.js';
import { current, equals, quantile, rate, section, share, startsWith } from './build.js';

const failed = { match: [startsWith('status_code', '5')] };

export const httpSection = section('http', 'HTTP', [
  {
    id: 'http-rate',
    title: 'Requests',
    description: 'Requests answered per second, by route.',
    unit: 'perSecond',
    lines: { '{route}': rate(httpServerRequestDuration, { by: ['route'] }) },
    tile: rate(httpServerRequestDuration),
  },
  {
    id: 'http-errors',
    title: 'Errors',
    description: 'Requests answered with a status of 500 or above, as a share of all.',
    unit: 'share',
    lines: { '5xx': share(rate(httpServerRequestDuration, failed), rate(httpServerRequestDuration)) },
    tile: share(rate(httpServerRequestDuration, failed), rate(httpServerRequestDuration)),
  },
  {
    id: 'http-p95',
    title: 'Latency, p95',
    description: 'The time within which 95 of 100 requests are answered, by route.',
    unit: 'seconds',
    lines: { '{route}': quantile(httpServerRequestDuration, 0.95, { by: ['route'] }) },
    tile: quantile(httpServerRequestDuration, 0.95),
  },
  {
    id: 'http-status',
    title: 'Status codes',
    description: 'Requests answered per second, by status code.',
    unit: 'perSecond',
    chart: 'stacked',
    lines: { '{status_code}': rate(httpServerRequestDuration, { by: ['status_code'] }) },
  },
  {
    id: 'http-in-flight',
    title: 'In progress',
    description: 'Requests in progress, by method.',
    unit: 'none',
    lines: { '{method}': current(httpServerRequestsInFlight, { by: ['method'] }) },
    tile: current(httpServerRequestsInFlight),
  },
]);

export const processSection = section('process', 'Process', [
  {
    id: 'process-cpu',
    title: 'CPU',
    description: 'Seconds of processor time per second. 1 is one core.',
    unit: 'cores',
    lines: { CPU: rate('process_cpu_seconds_total') },
    tile: rate('process_cpu_seconds_total'),
  },
  {
    id: 'process-memory',
    title: 'Memory',
    description: 'Resident memory. A line that only rises is a memory leak.',
    unit: 'bytes',
    lines: { resident: current('process_resident_memory_bytes') },
    tile: current('process_resident_memory_bytes'),
  },
  {
    id: 'process-heap',
    title: 'Heap',
    description: 'Used and total heap of JavaScript.',
    unit: 'bytes',
    lines: {
      used: current('nodejs_heap_size_used_bytes'),
      total: current('nodejs_heap_size_total_bytes'),
    },
    tile: current('nodejs_heap_size_used_bytes'),
  },
  {
    id: 'process-lag',
    title: 'Event loop lag, p99',
    description: 'Delay of the event loop, 99th percentile. Every request waits for it.',
    unit: 'seconds',
    lines: { p99: current('nodejs_eventloop_lag_p99_seconds') },
    tile: current('nodejs_eventloop_lag_p99_seconds'),
  },
  {
    id: 'process-gc',
    title: 'Garbage collection',
    description: 'Seconds of garbage collection per second, by kind.',
    unit: 'share',
    chart: 'stacked',
    lines: { '{kind}': rate('nodejs_gc_duration_seconds', { part: 'sum', by: ['kind'] }) },
    tile: rate('nodejs_gc_duration_seconds', { part: 'sum' }),
  },
  {
    id: 'process-goroutines',
    title: 'Goroutines',
    description: 'Goroutines that exist.',
    unit: 'none',
    lines: { goroutines: current('go_goroutines') },
    tile: current('go_goroutines'),
  },
  {
    id: 'process-files',
    title: 'Open files',
    description: 'Open file descriptors.',
    unit: 'none',
    lines: { open: current('process_open_fds') },
    tile: current('process_open_fds'),
  },
]);

export const healthSection = section('health', 'Health checks', [
  {
    id: 'health-status',
    title: 'Checks',
    description: 'The result of each check: 1 pass, 0.5 warn, 0 fail.',
    unit: 'none',
    chart: 'states',
    lines: { '{check}': current(healthCheckStatus, { by: ['check'] }) },
  },
  {
    id: 'health-duration',
    title: 'Duration, p95',
    description: 'The time that a check takes. A slow check delays the readiness probe.',
    unit: 'seconds',
    lines: { '{check}': quantile(healthCheckDuration, 0.95, { by: ['check'] }) },
  },
]);

export const methodSection = section('methods', 'Decorated methods', [
  {
    id: 'method-rate',
    title: 'Calls',
    description: 'Calls of decorated methods that ended, per second.',
    unit: 'perSecond',
    lines: { '{class}.{method}': rate(methodCalls, { by: ['class', 'method'] }) },
    tile: rate(methodCalls),
  },
  {
    id: 'method-failures',
    title: 'Failures',
    description: 'Failed calls as a share of all.',
    unit: 'share',
    lines: {
      failures: share(rate(methodCalls, { match: [equals('outcome', 'failure')] }), rate(methodCalls)),
    },
    tile: share(rate(methodCalls, { match: [equals('outcome', 'failure')] }), rate(methodCalls)),
  },
  {
    id: 'method-p95',
    title: 'Duration, p95',
    description: 'The time within which 95 of 100 calls end.',
    unit: 'seconds',
    lines: { '{class}.{method}': quantile(methodDuration, 0.95, { by: ['class', 'method'] }) },
    tile: quantile(methodDuration, 0.95),
  },
]);

export const pipelineSection = section('pipeline', 'Metrics pipeline', [
  {
    id: 'pipeline-series',
    title: 'Series',
    description: 'Series of all metrics, with the metrics that have the most.',
    unit: 'none',
    chart: 'stacked',
    lines: { '{metric}': current(metricsSeries, { by: ['metric'] }) },
    tile: current(metricsSeries),
  },
  {
    id: 'pipeline-folded',
    title: 'Folded into other',
    description:
      'Recordings per second whose label value became `other`, since a metric has too many series.',
    unit: 'perSecond',
    lines: { '{metric}': rate(metricsSeriesFolded, { by: ['metric'] }) },
    tile: rate(metricsSeriesFolded),
  },
  {
    id: 'pipeline-errors',
    title: 'Recording errors',
    description: 'Recordings and collect functions that failed, per second.',
    unit: 'perSecond',
    lines: { recording: rate(metricsRecordingErrors), collecting: rate(metricsCollectorErrors) },
    tile: rate(metricsRecordingErrors),
  },
  {
    id: 'pipeline-scrapes',
    title: 'Scrape duration, p95',
    description: 'The time that writing a response to a scrape takes.',
    unit: 'seconds',
    lines: { '{format}': quantile(metricsScrapeDuration, 0.95, { by: ['format'] }) },
    tile: quantile(metricsScrapeDuration, 0.95),
  },
  {
    id: 'pipeline-pushes',
    title: 'Failed pushes',
    description: 'Failed pushes per minute, by target.',
    unit: 'perMinute',
    lines: { '{target}': rate(metricsPushFailures, { by: ['target'], times: 60 }) },
    tile: rate(metricsPushFailures, { times: 60 }),
  },
  {
    id: 'pipeline-snapshot',
    title: 'Age of the snapshot',
    description: 'Seconds since the last snapshot was written.',
    unit: 'seconds',
    lines: { age: current(metricsSnapshotAge) },
    tile: current(metricsSnapshotAge),
  },
  {
    id: 'pipeline-workers',
    title: 'Workers',
    description: 'Worker processes that answered the last reading, and those that did not.',
    unit: 'none',
    lines: { '{state}': current(metricsClusterWorkers, { by: ['state'] }) },
    tile: current(metricsClusterWorkers, { match: [equals('state', 'answering')] }),
  },
]);
