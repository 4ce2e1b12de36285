/** The Node processes of the service. */

import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import {
  nodeEventLoopLag,
  nodeGcDuration,
  nodeHeapUsed,
  processResidentMemory,
} from '../third-party-metrics.js';
import { steady } from './crafted.js';
import { inJob } from './in-job.js';

export function processAlerts(settings: BundleSettings): Alert[] {
  const { of } = inJob(settings);
  const { eventLoopLagSeconds, memoryBytes } = settings.thresholds;
  const shared = { subject: 'process', severity: 'ticket', dashboard: 'pipeline' } as const;
  const instance = { instance: 'a:9090' };
  const labels = [{ job: settings.job, ...instance }];
  const lag = of(nodeEventLoopLag, instance);
  const memory = of(processResidentMemory, instance);
  return [
    {
      ...shared,
      name: 'EventLoopLag',
      expression: `max by (job, instance) (${of(nodeEventLoopLag)}) > ${eventLoopLagSeconds}`,
      forSeconds: holdOf(settings, 600),
      summary: 'The event loop of {{ $labels.instance }} is blocked',
      description: `The 99th percentile of the event loop's lag of {{ $labels.instance }} is {{ $value | humanizeDuration }} (limit ${eventLoopLagSeconds} s).`,
      runbook: {
        meaning:
          'Something keeps the one thread of a process busy for long at a time. All that it does waits meanwhile: requests, timers, webhooks, scrapes.',
        query: `max by (instance) (${of(nodeEventLoopLag)})`,
        causes: [
          'Large payloads parsed at once (JSON, regular expressions on long texts).',
          'The garbage collector, near the limit of the heap: MemoryHigh fires too.',
          'Too little CPU: the container is throttled, the machine is full.',
        ],
        actions: [
          'See whether the CPU is used: `rate(process_cpu_seconds_total[5m])` near 1 is code or the collector, well below 1 is throttling.',
          `See what the collector takes: \`sum by (instance, kind) (rate(${of(nodeGcDuration, {}, '_sum')}[5m]))\`.`,
          'Take a CPU profile for thirty seconds (`kill -USR1 PID`, then the inspector), and move what leads it into a worker or into pieces.',
          'Throttled: give it more CPU.',
        ],
      },
      tests: {
        fires: { series: { [lag]: steady(2 * eventLoopLagSeconds, 30) }, atMinutes: 20, labels },
        quiet: { series: { [lag]: steady(eventLoopLagSeconds / 2, 30) }, atMinutes: 20 },
      },
    },
    {
      ...shared,
      name: 'MemoryHigh',
      expression: `max by (job, instance) (${of(processResidentMemory)}) > ${memoryBytes}`,
      forSeconds: holdOf(settings, 900),
      summary: '{{ $labels.instance }} uses much memory',
      description: `{{ $labels.instance }} has {{ $value | humanize1024 }}B of resident memory (limit ${memoryBytes} bytes).`,
      runbook: {
        meaning:
          'A process holds more memory than it should. If it goes on, it is ended by the system, and the work within it is lost.',
        query: `max by (instance) (${of(processResidentMemory)})`,
        causes: [
          'A leak: it grows steadily since the start, whatever the load.',
          'Much at once: large inputs, many requests or jobs.',
          'Buffers outside of the heap: resident memory grows, the heap does not.',
        ],
        actions: [
          'Look at a day of it on the dashboard: a slope is a leak, a step is load.',
          `Compare with the heap: \`${of(nodeHeapUsed)}\`. It grows as well: take a heap snapshot. It does not: look for buffers and streams that are not read.`,
          'Restart the process at a quiet moment, before the system does. Snapshots keep what was counted (METRICS_SNAPSHOT_FILE).',
          'If this is what the service needs, raise its memory and `memoryBytes`.',
        ],
      },
      tests: {
        fires: { series: { [memory]: steady(2 * memoryBytes, 40) }, atMinutes: 30, labels },
        quiet: { series: { [memory]: steady(memoryBytes / 2, 40) }, atMinutes: 30 },
      },
    },
  ];
}
