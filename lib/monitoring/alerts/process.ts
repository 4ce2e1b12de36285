/** The Node processes of the service. */
import type { GaugeDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import { nodeEventLoopLag, processResidentMemory } from '../third-party-metrics.js';
import { type AlertRow, alertsOf, levels } from './alert-row.js';

export function processAlerts(settings: BundleSettings): Alert[] {
  const { selector } = promql(jobScope(settings));
  const { eventLoopLagSeconds, memoryBytes } = settings.thresholds;
  const labels = { instance: 'a:9090' };
  const high = (name: string, gauge: GaugeDefinition, limit: number, hold: number): AlertRow => ({
    name,
    expression: `max by (job, instance) (${selector(gauge)}) > ${limit}`,
    hold,
    labels,
    ...levels(selector(gauge, labels), 2 * limit, limit / 2, hold / 30),
  });
  return alertsOf(settings, { subject: 'process', dashboard: 'pipeline' }, [
    high('EventLoopLag', nodeEventLoopLag, eventLoopLagSeconds, 600),
    high('MemoryHigh', processResidentMemory, memoryBytes, 900),
  ]);
}
