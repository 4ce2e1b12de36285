/** What the two text formats have in common, and where they differ. */
import type { Sample } from '../instruments/instrument.js';

export interface ExpositionFormat {
  /** Value of the `format` label of the scrape's own metrics. */
  readonly label: 'text' | 'openmetrics';
  readonly contentType: string;
  /** The lines before a family's samples. */
  readonly header: (name: string, help: string, type: string) => string;
  /** Name of the sample of a counter. */
  readonly counterSample: (name: string) => string;
  /** A bucket's bound or a quantile. */
  readonly bound: (value: number) => string;
  /** Name of the sample that tells since when a series counts; `undefined` where the format has none. */
  readonly createdSample: (family: string) => string | undefined;
  /** What follows the number of a sample; empty where the format has none, or the sample. */
  readonly exemplar: (sample: Sample) => string;
  /** The end of the whole text. */
  readonly end: string;
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
