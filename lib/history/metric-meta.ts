/** What the explorer says about a metric: its unit, what records it, and how to ask Prometheus for it. */
import { methodsRecording } from '../instrumented-methods.js';
import type { MetricMeta } from './feed.js';
import type { MetricShape } from './metric-shape.js';
import type { MetricsHistory } from './metrics-history.js';
import type { FeedUnit } from './panel.js';

/** Units by the end of a name, without `_total`. */
const units: readonly (readonly [end: RegExp, unit: FeedUnit])[] = [
  [/_timestamp_seconds$|_start_time_seconds$/, 'timestamp'],
  [/_seconds$/, 'seconds'],
  [/_bytes$/, 'bytes'],
  [/_usd$/, 'usd'],
  [/_ratio$|_success_rate$/, 'share'],
];

export function unitOf(name: string): FeedUnit {
  const base = name.replace(/_total$/, '');
  return units.find(([end]) => end.test(base))?.[1] ?? 'none';
}

/** The metadata of every metric, by name. @param isOwn whether the metrics are those of this process */
export function metricMetas(history: MetricsHistory, isOwn: boolean): MetricMeta[] {
  return history.names.flatMap((name) => {
    const shape = history.storeOf(name)?.shape;
    if (shape === undefined) return [];
    const { type, help, labels, isNative = false } = shape;
    return [
      {
        name,
        type,
        help,
        unit: unitOf(name),
        labels,
        series: history.seriesOf(name),
        ...(isNative ? { isNative } : {}),
        methods: isOwn ? methodsRecording(name) : [],
        promql: expressionsOf(shape),
      },
    ];
  });
}

function expressionsOf({ name, type, labels, isNative = false }: MetricShape): MetricMeta['promql'] {
  const [label] = labels;
  const by = label === undefined ? '' : ` by (${label})`;
  const rate = (part = ''): string => `rate(${name}${part}[5m])`;
  if (type === 'counter') {
    return [
      { title: 'Rate', expression: `sum${by} (${rate()})` },
      { title: 'Increase within an hour', expression: `sum${by} (increase(${name}[1h]))` },
    ];
  }
  if (isNative) {
    const total = `sum${by} (${rate()})`;
    return [
      { title: '95th percentile', expression: `histogram_quantile(0.95, sum (${rate()}))` },
      { title: 'Rate', expression: `histogram_count(${total})` },
      { title: 'Mean', expression: `histogram_sum(${total}) / histogram_count(${total})` },
    ];
  }
  if (type === 'histogram') {
    return [
      { title: '95th percentile', expression: `histogram_quantile(0.95, sum by (le) (${rate('_bucket')}))` },
      { title: 'Rate', expression: `sum${by} (${rate('_count')})` },
      { title: 'Mean', expression: `sum${by} (${rate('_sum')}) / sum${by} (${rate('_count')})` },
    ];
  }
  if (type === 'summary') {
    return [
      { title: 'Mean', expression: `sum${by} (${rate('_sum')}) / sum${by} (${rate('_count')})` },
      { title: 'Rate', expression: `sum${by} (${rate('_count')})` },
    ];
  }
  return [{ title: 'Level', expression: label === undefined ? name : `sum${by} (${name})` }];
}
