/** The functions that make definitions. */
import type {
  CounterDefinition,
  DefinitionOptions,
  GaugeDefinition,
  GaugeOptions,
  HistogramDefinition,
  HistogramOptions,
  MetricDefinition,
  SummaryDefinition,
  SummaryOptions,
} from './definition.js';
import { lintDefinition } from './definition.js';
import { ascendingProblem, checkedBuckets, commonParts } from './definition-checks.js';
import { metricsError, shown } from './errors.js';
import type { LabelShape, NoLabels } from './label.js';
import { warnedRules } from './naming.js';
import { nativeSettings } from './native-histogram.js';

/**
 * Default buckets of a histogram: durations of work in seconds, from one millisecond to one hour.
 * @see https://prometheus.io/docs/practices/histograms/
 */
export const durationBuckets: readonly number[] = Object.freeze([
  0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600,
]);

const noBuckets: readonly number[] = Object.freeze([]);

/**
 * Defines a counter: a value that only goes up.
 * @throws ERR_METRICS_INVALID_NAME, ERR_METRICS_INVALID_HELP, ERR_METRICS_INVALID_LABEL, ERR_METRICS_RESERVED_LABEL,
 *   ERR_METRICS_INVALID_DEFINITION
 * @example
 * const issuesProcessed = defineCounter({
 *   name: 'issues_processed_total',
 *   help: 'Issues processed, by outcome.',
 *   labels: { provider: label(), outcome: label('success', 'failure') },
 * });
 * @see https://prometheus.io/docs/concepts/metric_types/#counter
 */
export function defineCounter<const L extends LabelShape = NoLabels>(
  options: DefinitionOptions<L>,
): CounterDefinition<L> {
  return finished({ type: 'counter', ...commonParts(options, 'defineCounter') });
}

/**
 * Defines a gauge: a value that goes up and down.
 * @throws as {@link defineCounter} does; ERR_METRICS_INVALID_DEFINITION also for an invalid `expireAfterSeconds` or `restore`
 * @example
 * const queueDepth = defineGauge({ name: 'queue_depth', help: 'Items waiting in a queue.', labels: { queue: label() } });
 * @see https://prometheus.io/docs/concepts/metric_types/#gauge
 */
export function defineGauge<const L extends LabelShape = NoLabels>(
  options: GaugeOptions<L>,
): GaugeDefinition<L> {
  const common = commonParts(options, 'defineGauge', ['expireAfterSeconds', 'expireAfter', 'restore']);
  const { expireAfter, expireAfterSeconds = expireAfter, restore = false } = options;
  if (expireAfterSeconds !== undefined && !(Number.isFinite(expireAfterSeconds) && expireAfterSeconds > 0)) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`expireAfterSeconds\` of metric \`${common.name}\`: expected a positive number of seconds, received ${shown(expireAfterSeconds)}.`,
    );
  }
  if (expireAfterSeconds !== undefined && Object.keys(common.labels).length === 0) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`expireAfterSeconds\` of metric \`${common.name}\`: expected labels, received none. The only series of a gauge without labels always exists: it would become 0 instead of expiring.`,
    );
  }
  if (typeof restore !== 'boolean') {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`restore\` of metric \`${common.name}\`: expected true or false, received ${shown(restore)}.`,
    );
  }
  return finished({ type: 'gauge', ...common, expireAfterSeconds, restore });
}

/**
 * Defines a histogram: counts of observed values by bucket, and their sum and count.
 * @throws as {@link defineCounter} does; ERR_METRICS_INVALID_BUCKETS
 * @example
 * const runDuration = defineHistogram({ name: 'run_duration_seconds', help: 'Duration of a run, in seconds.' });
 * @example
 * const waitTime = defineHistogram({ name: 'wait_seconds', help: 'Time in the queue, in seconds.', native: { growthFactor: 1.1 } });
 * @see https://prometheus.io/docs/concepts/metric_types/#histogram
 * @see https://prometheus.io/docs/specs/native_histograms/
 */
export function defineHistogram<const L extends LabelShape = NoLabels>(
  options: HistogramOptions<L>,
): HistogramDefinition<L> {
  const common = commonParts(options, 'defineHistogram', ['buckets', 'native']);
  const { buckets, native } = options;
  return finished({
    type: 'histogram',
    ...common,
    buckets:
      native !== undefined && buckets === undefined
        ? noBuckets
        : checkedBuckets(common.name, buckets ?? durationBuckets),
    native: native === undefined ? undefined : nativeSettings(common.name, native),
  });
}

/**
 * Defines a summary: sum and count of observed values, and optional quantiles over a sliding window.
 * @throws as {@link defineCounter} does; ERR_METRICS_INVALID_QUANTILES
 * @example
 * const size = defineSummary({ name: 'diff_bytes', help: 'Size of a diff, in bytes.', quantiles: [0.5, 0.95] });
 * @see https://prometheus.io/docs/concepts/metric_types/#summary
 */
export function defineSummary<const L extends LabelShape = NoLabels>(
  options: SummaryOptions<L>,
): SummaryDefinition<L> {
  const common = commonParts(options, 'defineSummary', ['quantiles', 'maxAgeSeconds', 'ageBuckets']);
  const { quantiles = [], maxAgeSeconds = 600, ageBuckets = 5 } = options;
  const problem =
    ascendingProblem(quantiles, (value) => value >= 0 && value <= 1, 'numbers within 0 to 1') ??
    (Number.isFinite(maxAgeSeconds) && maxAgeSeconds > 0
      ? undefined
      : `\`maxAgeSeconds\` of a positive number of seconds, received ${shown(maxAgeSeconds)}`) ??
    (Number.isInteger(ageBuckets) && ageBuckets > 0
      ? undefined
      : `\`ageBuckets\` of a positive integer, received ${shown(ageBuckets)}`);
  if (problem !== undefined) {
    throw metricsError(
      'ERR_METRICS_INVALID_QUANTILES',
      `Invalid quantiles of summary \`${common.name}\`: expected ${problem}.`,
    );
  }
  return finished({
    type: 'summary',
    ...common,
    quantiles: Object.freeze([...quantiles]),
    maxAgeSeconds,
    ageBuckets,
  });
}

/** Freezes the definition, and warns of conventions that it breaks without an exemption. */
function finished<D extends MetricDefinition>(definition: D): D {
  for (const { message, rule } of lintDefinition(definition)) {
    if (!warnedRules.has(rule)) continue;
    process.emitWarning(message, {
      type: 'MetricsLintWarning',
      code: `METRICS_LINT_${rule.replaceAll('-', '_').toUpperCase()}`,
    });
  }
  return Object.freeze(definition);
}
