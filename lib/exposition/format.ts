/** The common interfaces of the formats. */
import type { MetricType } from '../definition.js';

/** The written type of a family; `unknown` if the format does not allow its real type. */
export type WrittenType = MetricType | 'unknown';

/** The format of a scrape: text, OpenMetrics or protobuf. */
export interface ScrapeFormat {
  /** Value of the label `format` of the metrics about scrapes. */
  readonly label: 'text' | 'openmetrics' | 'protobuf';
  /** Value of the header `Content-Type`. */
  readonly contentType: string;
  /** The names that a family reserves: no other family may have them. @internal */
  readonly claimedNames: (name: string, type: WrittenType) => readonly string[];
  /**
   * Whether it forbids negative counters, fractional bucket counts and overlapping family names, which the text format allows.
   * @internal
   */
  readonly isStrict: boolean;
  /** Whether sums and quantiles may be negative. @internal */
  readonly hasNegativeSums: boolean;
  /** Whether samples of counters and buckets have exemplars. @internal */
  readonly hasExemplars: boolean;
}

export function isTextFormat(format: ScrapeFormat): format is ExpositionFormat {
  return format.label !== 'protobuf';
}

/** A text format: {@link textFormat} or {@link openMetricsFormat}. */
export interface ExpositionFormat extends ScrapeFormat {
  /** Value of the label `format` of the metrics about scrapes. */
  readonly label: 'text' | 'openmetrics';
  /** The lines before a family's samples. @internal */
  readonly header: (name: string, help: string, type: WrittenType) => string;
  /** Formats a bucket bound or a quantile. @internal */
  readonly bound: (value: number) => string;
  /** Name of the `_created` sample; `undefined` if there is none. @internal */
  readonly createdSample: (name: string, type: WrittenType) => string | undefined;
  /** The end of the text. @internal */
  readonly end: string;
}

/** Suffixes of the samples of a type. */
export function partsOf(type: WrittenType): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  return type === 'summary' ? ['_sum', '_count'] : [];
}

/** A number in the syntax of Prometheus. */
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

/** Whether a value can be that of a label; absent values are allowed. */
export function isLabelValue(value: unknown): boolean {
  return value === null || !['object', 'symbol', 'function'].includes(typeof value);
}
