/** Failures that cannot be thrown at a caller: each is counted, and warned of once. */
import { metricsCollectorErrors, metricsRecordingErrors } from './catalogue/self.js';
import type { CounterDefinition } from './definition.js';
import type { Counter } from './instruments/counter.js';
import type { LabelShape } from './label.js';
import { type MetricsWarning, messageOf } from './metrics-warning.js';

/** The part of a registry that counts and warns. */
export interface FailureRegistry {
  counter<L extends LabelShape>(definition: CounterDefinition<L>): Counter<L>;
  warnOnce(key: string, warning: () => MetricsWarning): void;
}

/** See `MetricsRegistry.recordingFailed`. */
export function noteRecordingFailure(
  registry: FailureRegistry,
  metric: string,
  reason: string,
  error: unknown,
): void {
  contained(() => registry.counter(metricsRecordingErrors).inc({ metric, reason }));
  registry.warnOnce(`recording ${metric} ${reason}`, () => ({
    code: 'METRICS_RECORDING_FAILED',
    message: `A recording on metric \`${metric}\` failed (${reason}): ${messageOf(error)} The call itself was not affected. Further failures are counted in \`${metricsRecordingErrors.name}\` only.`,
    cause: error,
  }));
}

/** See `MetricsRegistry.collectFailed`. */
export function noteCollectFailure(registry: FailureRegistry, metric: string, error: unknown): void {
  contained(() => registry.counter(metricsCollectorErrors).inc({ metric }));
  registry.warnOnce(`collect ${metric}`, () => ({
    code: 'METRICS_COLLECT_FAILED',
    message: `Collecting metric \`${metric}\` failed: ${messageOf(error)} The failed part is left out of the scrape; other metrics are not affected. Further failures are counted in \`${metricsCollectorErrors.name}\` only.`,
    cause: error,
  }));
}

/** Counting a failure must not fail itself; the warning still reports it. */
function contained(count: () => void): void {
  try {
    count();
  } catch {
    // The warning follows.
  }
}
