/** `tamma-metrics top`: the metrics and labels of an endpoint with the most series. */
import type { ExposedFamily, Exposition } from './exposition-reader.js';
import { type Paint, printable } from './paint.js';

/** A metric in the report. */
export interface TopMetric {
  readonly name: string;
  readonly type: string;
  /** Time series as Prometheus stores them: each bucket is one. */
  readonly series: number;
  /** Distinct combinations of label values, without `le` and `quantile`: what the series budget counts. */
  readonly labelSets: number;
  /** Share of all series, 0 to 1. */
  readonly share: number;
  /** Bytes of its lines in a scrape. */
  readonly bytes: number;
  /** Labels with the number of their values, the highest first. */
  readonly labels: readonly { readonly label: string; readonly values: number }[];
}

/** The report of the command. */
export interface TopReport {
  readonly series: number;
  readonly bytes: number;
  readonly metrics: readonly TopMetric[];
  /** Labels of all metrics, by the number of distinct values. */
  readonly labels: readonly { readonly label: string; readonly values: number; readonly metrics: number }[];
  readonly unreadable: number;
}

export function topReport({ families, series, bytes, unreadable }: Exposition, limit: number): TopReport {
  const metrics = [...families]
    .sort((left, right) => right.series - left.series || right.bytes - left.bytes)
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
    `${paint.bold(String(series))} series, ${bytes} bytes per scrape`,
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
          paint.yellow(
            `${unreadable} ${unreadable === 1 ? 'line is not a sample' : 'lines are not samples'}`,
          ),
        ]),
  ].join('\n');
}

function labelsOf({ labels }: ExposedFamily): TopMetric['labels'] {
  return [...labels]
    .map(([label, values]) => ({ label, values: values.size }))
    .sort((left, right) => right.values - left.values);
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
    .sort((left, right) => right.values - left.values);
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
