/** What the two text formats have in common, and where they differ. */
import type { MetricType } from '../definition.js';
import type { Sample } from '../instruments/instrument.js';

/** What a family says of its type; `unknown` where the format does not allow its own. */
export type WrittenType = MetricType | 'unknown';

export interface ExpositionFormat {
  /** Value of the `format` label of the scrape's own metrics. */
  readonly label: 'text' | 'openmetrics';
  readonly contentType: string;
  /** The lines before a family's samples. */
  readonly header: (name: string, help: string, type: WrittenType) => string;
  /** Names that a family takes for itself: no other family may have one of them. */
  readonly claimedNames: (name: string, type: WrittenType) => readonly string[];
  /** Whether it forbids what Prometheus' text allows: negative counters, fractions in buckets, families whose names overlap. */
  readonly isStrict: boolean;
  /** Whether sums and quantiles may be negative. */
  readonly hasNegativeSums: boolean;
  /** A bucket's bound or a quantile. */
  readonly bound: (value: number) => string;
  /** Name of the sample with the time since when a series counts; `undefined` where there is none. */
  readonly createdSample: (name: string, type: WrittenType) => string | undefined;
  /** What follows the number of a sample: empty where the format or the sample has none, `undefined` for an invalid exemplar. */
  readonly exemplar: (sample: Sample) => string | undefined;
  /** The end of the whole text. */
  readonly end: string;
}

/** Suffixes of the samples of a type, beside those under the family's own name. */
export function partsOf(type: WrittenType): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  return type === 'summary' ? ['_sum', '_count'] : [];
}

/** A number as Prometheus reads it. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

export function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

export function labelText(name: string, value: string): string {
  return `${name}="${escapedLabelValue(value)}"`;
}

export function escapedLabelValue(value: string): string {
  return /[\\\n"]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
    : value;
}

/** A value that a label may have; what is absent is no label. */
export function isLabelValue(value: unknown): boolean {
  return value === null || !['object', 'symbol', 'function'].includes(typeof value);
}
