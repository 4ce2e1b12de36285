/** Panels of endpoints that are often watched: node_exporter, Prometheus, and programs in Go. */
import { current, equals, quantile, rate, section, startsWith } from './build.js';

/** Devices that are not disks. */
const real = { match: [{ label: 'device', test: 'excludes', values: ['tmpfs', 'lo'] } as const] };

export const hostSection = section('host', 'Host', [
  {
    id: 'host-cpu',
    title: 'CPU',
    description: 'Seconds of processor time per second, by mode, without idle time.',
    unit: 'cores',
    chart: 'stacked',
    lines: {
      '{mode}': rate('node_cpu_seconds_total', {
        by: ['mode'],
        match: [{ label: 'mode', test: 'excludes', values: ['idle'] }],
      }),
    },
    tile: rate('node_cpu_seconds_total', { match: [{ label: 'mode', test: 'excludes', values: ['idle'] }] }),
  },
  {
    id: 'host-load',
    title: 'Load',
    description: 'Processes that run or wait for the processor, averages of one and five minutes.',
    unit: 'none',
    lines: { '1 min': current('node_load1'), '5 min': current('node_load5') },
    tile: current('node_load1'),
  },
  {
    id: 'host-memory',
    title: 'Available memory',
    description: 'Memory that processes can still get, and all memory.',
    unit: 'bytes',
    lines: {
      available: current('node_memory_MemAvailable_bytes'),
      total: current('node_memory_MemTotal_bytes'),
    },
    tile: current('node_memory_MemAvailable_bytes'),
  },
  {
    id: 'host-disk',
    title: 'Available disk space',
    description: 'Bytes available to users, by mount point.',
    unit: 'bytes',
    lines: { '{mountpoint}': current('node_filesystem_avail_bytes', { ...real, by: ['mountpoint'] }) },
  },
  {
    id: 'host-network',
    title: 'Network',
    description: 'Bytes received and sent per second, by device.',
    unit: 'bytesPerSecond',
    lines: {
      'received {device}': rate('node_network_receive_bytes_total', { ...real, by: ['device'] }),
      'sent {device}': rate('node_network_transmit_bytes_total', { ...real, by: ['device'] }),
    },
  },
]);

export const prometheusSection = section('prometheus', 'Prometheus', [
  {
    id: 'prometheus-series',
    title: 'Series',
    description: 'Series in the head block.',
    unit: 'none',
    lines: { series: current('prometheus_tsdb_head_series') },
    tile: current('prometheus_tsdb_head_series'),
  },
  {
    id: 'prometheus-samples',
    title: 'Samples',
    description: 'Samples appended per second.',
    unit: 'perSecond',
    lines: { '{type}': rate('prometheus_tsdb_head_samples_appended_total', { by: ['type'] }) },
    tile: rate('prometheus_tsdb_head_samples_appended_total'),
  },
  {
    id: 'prometheus-requests',
    title: 'Requests',
    description: 'Requests answered per second, by handler.',
    unit: 'perSecond',
    lines: { '{handler}': rate('prometheus_http_requests_total', { by: ['handler'] }) },
    tile: rate('prometheus_http_requests_total'),
  },
  {
    id: 'prometheus-errors',
    title: 'Errors',
    description: 'Requests answered with a status of 500 or above, per second.',
    unit: 'perSecond',
    lines: { '5xx': rate('prometheus_http_requests_total', { match: [startsWith('code', '5')] }) },
    tile: rate('prometheus_http_requests_total', { match: [startsWith('code', '5')] }),
  },
  {
    id: 'prometheus-latency',
    title: 'Latency, p95',
    description: 'The time within which 95 of 100 requests are answered.',
    unit: 'seconds',
    lines: {
      all: quantile('prometheus_http_request_duration_seconds', 0.95),
      queries: quantile('prometheus_http_request_duration_seconds', 0.95, {
        match: [equals('handler', '/api/v1/query')],
      }),
    },
    tile: quantile('prometheus_http_request_duration_seconds', 0.95),
  },
]);
