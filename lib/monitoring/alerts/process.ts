/** The Node processes of the service. */
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { nodeEventLoopLag, processResidentMemory } from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { inJob } from './in-job.js';
import { steady } from './series-values.js';

const labels = { instance: 'a:9090' };

export function processAlerts(settings: BundleSettings): Alert[] {
  const { select } = inJob(settings);
  const { eventLoopLagSeconds, memoryBytes } = settings.thresholds;
  const lag = select(nodeEventLoopLag, labels);
  const memory = select(processResidentMemory, labels);
  return alertsOf(settings, { subject: 'process', dashboard: 'pipeline' }, [
    {
      name: 'EventLoopLag',
      severity: 'ticket',
      expression: `max by (job, instance) (${select(nodeEventLoopLag)}) > ${eventLoopLagSeconds}`,
      hold: 600,
      summary: 'The event loop of {{ $labels.instance }} is blocked',
      description: `The 99th percentile of the event loop's lag of {{ $labels.instance }} is {{ $value | humanizeDuration }} (limit ${eventLoopLagSeconds} s).`,
      atMinutes: 20,
      labels,
      fires: { [lag]: steady(2 * eventLoopLagSeconds, 30) },
      quiet: { [lag]: steady(eventLoopLagSeconds / 2, 30) },
    },
    {
      name: 'MemoryHigh',
      severity: 'ticket',
      expression: `max by (job, instance) (${select(processResidentMemory)}) > ${memoryBytes}`,
      hold: 900,
      summary: '{{ $labels.instance }} uses much memory',
      description: `{{ $labels.instance }} has {{ $value | humanize1024 }}B of resident memory (limit ${memoryBytes} bytes).`,
      atMinutes: 30,
      labels,
      fires: { [memory]: steady(2 * memoryBytes, 40) },
      quiet: { [memory]: steady(memoryBytes / 2, 40) },
    },
  ]);
}
