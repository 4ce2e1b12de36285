/** `tamma-metrics top`: which metrics and labels of an endpoint hold the most series. */
import type { ExposedFamily, Exposition } from './exposition-reader.js';
import { type Paint, printable } from './paint.js';

export interface TopMetric {
  readonly name: string;
  readonly type: string;
  /** As Prometheus stores them: each bucket is one. */
  readonly series: number;
  /** Distinct label values together, without `le` and `quantile`: what a budget of series counts. */
  readonly labelSets: number;
  /** Share of all series, 0 to 1. */
  readonly share: number;
  /** Bytes of a scrape. */
  readonly bytes: number;
  /** Labels by how many values they have, the most first. */
  readonly labels: readonly { readonly label: string; readonly values: number }[];
}

export interface TopReport {
  readonly series: number;
  readonly bytes: number;
  readonly metrics: readonly TopMetric[];
  /** Labels of all metrics together, by distinct values. */
  readonly labels: readonly { readonly label: string; readonly values: number; readonly metrics: number }[];
  readonly unreadable: number;
}

export function topReport({ families, series, bytes, unreadable }: Exposition, limit: number): TopReport {
  const metrics = [...families]
    .sort((one, other) => other.series - one.series || other.bytes - one.bytes)
    .slice(0, limit)
    .map((family) => ({
      name: family.name,
      type: family.type,
      series: family.series,
      labelSets: family.labelSets,
      share: series === 0 ? 0 : family.series / series,
      bytes: family.bytes,
      labels: labelsOf(family),
    }));
  return {
    series,
    bytes,
    metrics,
    labels: allLabels(families).slice(0, limit),
    unreadable,
  };
}

export function topText(report: TopReport, paint: Paint): string {
  const { series, bytes, metrics, labels, unreadable } = report;
  const rows = metrics.map((metric) => [
    metric.name,
    metric.type,
    String(metric.series),
    String(metric.labelSets),
    `${(metric.share * 100).toFixed(1)} %`,
    String(metric.bytes),
    metric.labels
      .slice(0, 3)
      .map(({ label, values }) => `${label} (${values})`)
      .join(', '),
  ]);
  return [
    `${paint.bold(String(series))} series, ${bytes} bytes a scrape`,
    '',
    table(['metric', 'type', 'series', 'label sets', 'share', 'bytes', 'labels (values)'], rows, paint),
    '',
    table(
      ['label', 'values', 'metrics'],
      labels.map((each) => [each.label, String(each.values), String(each.metrics)]),
      paint,
    ),
    ...(unreadable === 0
      ? []
      : [
          '',
          paint.yellow(`${unreadable} ${unreadable === 1 ? 'line is no sample' : 'lines are no samples'}`),
        ]),
  ].join('\n');
}

function labelsOf({ labels }: ExposedFamily): TopMetric['labels'] {
  return [...labels]
    .map(([label, values]) => ({ label, values: values.size }))
    .sort((one, other) => other.values - one.values);
}

function allLabels(families: readonly ExposedFamily[]): TopReport['labels'] {
  const byLabel = new Map<string, { readonly values: Set<string>; metrics: number }>();
  for (const { labels } of families) {
    for (const [label, values] of labels) {
      const known = byLabel.get(label) ?? { values: new Set<string>(), metrics: 0 };
      known.metrics += 1;
      for (const value of values) known.values.add(value);
      byLabel.set(label, known);
    }
  }
  return [...byLabel]
    .map(([label, { values, metrics }]) => ({ label, values: values.size, metrics }))
    .sort((one, other) => other.values - one.values);
}

function table(head: readonly string[], body: readonly (readonly string[])[], paint: Paint): string {
  const rows = body.map((row) => row.map(printable));
  const widths = head.map((title, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), title.length),
  );
  const isNumber = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[\d.]+( %)?$/.test(row[column] ?? '')),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [paint.bold(line(head)), ...rows.map(line)].join('\n');
}
