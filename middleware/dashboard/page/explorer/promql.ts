/** The expression of what the explorer shows, for Prometheus or Grafana. */
import type { MetricMeta } from '../../../../lib/history/feed.js';

/** A text in PromQL. Other characters need no escape. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

function selector(name: string, suffix: string, where: Readonly<Record<string, string>>): string {
  const conditions = Object.entries(where).map(([label, value]) => `${label}=${quoted(value)}`);
  return `${name}${suffix}${conditions.length === 0 ? '' : `{${conditions.join(', ')}}`}`;
}

/** @param by labels of groups; `undefined`: every series */
export function promqlOf(
  { name, type, isNative = false }: MetricMeta,
  where: Readonly<Record<string, string>>,
  by: readonly string[] | undefined,
): string {
  const grouped = (labels: readonly string[]): string =>
    labels.length === 0 ? 'sum' : `sum by (${labels.join(', ')})`;
  switch (type) {
    case 'counter': {
      const rate = `rate(${selector(name, '', where)}[5m])`;
      return by === undefined ? rate : `${grouped(by)} (${rate})`;
    }
    case 'histogram': {
      const labels = isNative ? (by ?? []) : ['le', ...(by ?? [])];
      const rate = `rate(${selector(name, isNative ? '' : '_bucket', where)}[5m])`;
      return `histogram_quantile(0.95, ${grouped(labels)} (${rate}))`;
    }
    default: {
      const level = selector(name, '', where);
      return by === undefined || type === 'summary' ? level : `${grouped(by)} (${level})`;
    }
  }
}
