/** The Node processes of the service. */
import type { Alert } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import { nodeEventLoopLag, processResidentMemory } from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { steady } from './series-values.js';

const labels = { instance: 'a:9090' };

export function processAlerts(settings: BundleSettings): Alert[] {
  const { selector } = promql(jobScope(settings));
  const { eventLoopLagSeconds, memoryBytes } = settings.thresholds;
  const lag = selector(nodeEventLoopLag, labels);
  const memory = selector(processResidentMemory, labels);
  return alertsOf(settings, { subject: 'process', dashboard: 'pipeline' }, [
    {
      name: 'EventLoopLag',
      expression: `max by (job, instance) (${selector(nodeEventLoopLag)}) > ${eventLoopLagSeconds}`,
      hold: 600,
      summary: 'The event loop of {{ $labels.instance }} is blocked',
      description: `The 99th percentile of the event loop lag of {{ $labels.instance }} is {{ $value | humanizeDuration }} (limit ${eventLoopLagSeconds} s).`,
      atMinutes: 20,
      labels,
      fires: { [lag]: steady(2 * eventLoopLagSeconds, 30) },
      quiet: { [lag]: steady(eventLoopLagSeconds / 2, 30) },
    },
    {
      name: 'MemoryHigh',
      expression: `max by (job, instance) (${selector(processResidentMemory)}) > ${memoryBytes}`,
      hold: 900,
      summary: '{{ $labels.instance }} uses too much memory',
      description: `The resident memory of {{ $labels.instance }} is {{ $value | humanize1024 }}B (limit ${memoryBytes} bytes).`,
      atMinutes: 30,
      labels,
      fires: { [memory]: steady(2 * memoryBytes, 40) },
      quiet: { [memory]: steady(memoryBytes / 2, 40) },
    },
  ]);
}
