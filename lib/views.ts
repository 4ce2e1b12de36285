/** Views: operators change how a metric is exposed, without changing its definition. */
import type { HistogramDefinition, MetricDefinition } from './definition.js';
import { checkedBuckets } from './definition-checks.js';
import { didYouMean, type MetricsError, metricsError, shown } from './errors.js';
import { checkMetricName } from './naming.js';
import {
  type NativeHistogramOptions,
  type NativeHistogramSettings,
  nativeSettings,
} from './native-histogram.js';
import { checkOptionNames } from './option-names.js';

/**
 * Changes to one metric. Absent properties do not change the definition.
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#view
 */
export interface MetricView {
  /** The exposed name. Code still uses the name in the definition. */
  readonly name?: string;
  /**
   * Labels to drop. Series that only differ in them are merged: recordings on counters, histograms and summaries are added, and so
   * are `inc` and `dec` of a gauge. The last `set` of a gauge wins.
   */
  readonly dropLabels?: readonly string[];
  /** Upper bounds of a histogram, ascending, without +Inf. They take precedence over `MetricsConfig.buckets`. */
  readonly buckets?: readonly number[];
  /**
   * Native buckets of a histogram: `false` for none, which leaves its classic buckets, or only `+Inf` if it has none; `true` for
   * those of the definition, else with the defaults; or options. They take precedence over METRICS_NATIVE_HISTOGRAMS.
   * @see https://prometheus.io/docs/specs/native_histograms/
   */
  readonly native?: boolean | NativeHistogramOptions;
  /** `false` disables the metric: it is not exposed, and records nothing. Default: true. */
  readonly enabled?: boolean;
}

/**
 * Views by the name in the definition of the metric.
 * @example
 * { http_server_request_duration_seconds: { dropLabels: ['route'], buckets: [0.1, 1, 10] }, queue_depth: { enabled: false } }
 */
export type MetricViews = Readonly<Record<string, MetricView>>;

const optionNames = { name: true, dropLabels: true, buckets: true, native: true, enabled: true } as const;

/**
 * Checks views of any source, such as a file, as far as it is possible without the metrics.
 * @throws ERR_METRICS_INVALID_VIEW, ERR_METRICS_INVALID_OPTION, ERR_METRICS_INVALID_NAME, ERR_METRICS_INVALID_BUCKETS
 */
export function checkedViews(views: unknown): ReadonlyMap<string, MetricView> {
  if (typeof views !== 'object' || views === null || Array.isArray(views)) {
    throw metricsError(
      'ERR_METRICS_INVALID_VIEW',
      `Invalid \`views\`: expected views by the name of a metric, such as { queue_depth: { enabled: false } }, received ${shown(views)}.`,
    );
  }
  const checked = new Map(Object.entries(views).map(([metric, view]) => [metric, checkedView(metric, view)]));
  const exposed = new Map<string, string>();
  for (const [metric, { name = metric, enabled }] of checked) {
    if (enabled === false) continue;
    const owner = exposed.get(name);
    if (owner !== undefined)
      throw invalidView(metric, 'name', `a name that no other metric has, received that of \`${owner}\``);
    exposed.set(name, metric);
  }
  return checked;
}

function checkedView(metric: string, view: unknown): MetricView {
  checkMetricName(metric);
  checkOptionNames<MetricView>(`the view of metric \`${metric}\``, view as MetricView, optionNames);
  const { name, dropLabels, buckets, native, enabled } = view as Record<keyof MetricView, unknown>;
  if (name !== undefined) checkMetricName(name);
  if (dropLabels !== undefined && !isStringArray(dropLabels))
    throw invalidView(metric, 'dropLabels', `a list of label names, received ${shown(dropLabels)}`);
  if (native !== undefined && typeof native !== 'boolean') {
    if (typeof native !== 'object' || native === null)
      throw invalidView(
        metric,
        'native',
        `true, false, or options such as { growthFactor: 1.1 }, received ${shown(native)}`,
      );
    nativeSettings(metric, native);
  }
  if (enabled !== undefined && typeof enabled !== 'boolean')
    throw invalidView(metric, 'enabled', `true or false, received ${shown(enabled)}`);
  return Object.freeze({
    ...(name === undefined ? {} : { name }),
    ...(dropLabels === undefined ? {} : { dropLabels: Object.freeze([...dropLabels]) }),
    ...(buckets === undefined ? {} : { buckets: checkedBuckets(metric, buckets as readonly number[]) }),
    ...(native === undefined ? {} : { native: native as boolean | NativeHistogramOptions }),
    ...(enabled === undefined ? {} : { enabled }),
  });
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/**
 * The exposed definition of a metric: the same object if the view does not change it.
 * @throws ERR_METRICS_INVALID_VIEW for a label that the metric does not have, and for buckets of a metric that is not a histogram
 */
export function viewedDefinition(definition: MetricDefinition, view: MetricView): MetricDefinition {
  const { name = definition.name, dropLabels = [], buckets, native } = view;
  const labels = Object.keys(definition.labels);
  for (const label of dropLabels) {
    if (labels.includes(label)) continue;
    throw invalidView(
      definition.name,
      'dropLabels',
      `some of its labels (${labels.join(', ') || 'it has none'}), received ${shown(label)}`,
      didYouMean(label, labels),
    );
  }
  for (const [option, value] of Object.entries({ buckets, native })) {
    if (value === undefined || definition.type === 'histogram') continue;
    throw invalidView(
      definition.name,
      option as 'buckets' | 'native',
      `no ${option === 'buckets' ? 'buckets' : 'native buckets'} for a ${definition.type}, received ${shown(value)}`,
    );
  }
  const isSame = name === definition.name && dropLabels.length === 0;
  if (isSame && buckets === undefined && native === undefined) return definition;
  const kept = Object.entries(definition.labels).filter(([label]) => !dropLabels.includes(label));
  const viewed = Object.freeze({
    ...definition,
    name,
    labels: Object.freeze(Object.fromEntries(kept)),
    ...(buckets === undefined ? {} : { buckets }),
    ...(native === undefined ? {} : { native: viewedNative(definition as HistogramDefinition, native) }),
  }) as MetricDefinition;
  declarations.set(viewed, definition);
  return viewed;
}

function viewedNative(
  { name, native }: HistogramDefinition,
  wanted: boolean | NativeHistogramOptions,
): NativeHistogramSettings | undefined {
  if (wanted === false) return undefined;
  return wanted === true ? (native ?? nativeSettings(name, {})) : nativeSettings(name, wanted);
}

const declarations = new WeakMap<MetricDefinition, MetricDefinition>();

/** The declared definition of an exposed one, which a view may have changed. */
export function declaredDefinition<D extends MetricDefinition>(definition: D): D {
  // A view keeps the type of a definition.
  return (declarations.get(definition) as D | undefined) ?? definition;
}

/** The error for an invalid view. */
export function invalidView(
  metric: string,
  option: keyof MetricView,
  expected: string,
  remedy = '',
): MetricsError {
  return metricsError(
    'ERR_METRICS_INVALID_VIEW',
    `Invalid \`${option}\` of the view of metric \`${metric}\`: expected ${expected}.${remedy}`,
  );
}
