/**
 * PromQL from definitions. Names, labels, closed values and buckets are checked against the definition, so that generation fails
 * where a rule reads a metric that has changed.
 */
import type { HistogramDefinition, MetricDefinition } from '../../definition.js';
import { didYouMean, metricsError, shown } from '../../errors.js';

/** A condition on a label: a value, one of several, none of several, or a matcher as PromQL: `=~"$job"`. */
export type Match =
  | string
  | { readonly oneOf: readonly string[] }
  | { readonly noneOf: readonly string[] }
  | { readonly raw: string };

/** Conditions by label name. */
export type Matches = Readonly<Record<string, Match>>;

/** Labels that Prometheus adds to every series of a target. */
export const targetLabels: readonly string[] = ['job', 'instance'];

export type Part = '_bucket' | '_sum' | '_count';

/**
 * The selector of a metric: `issues_processed_total{job="tamma",outcome="failure"}`.
 * @throws ERR_METRICS_INVALID_MONITORING for a label or a part that the metric lacks, or a value outside a closed set
 */
export function selector(definition: MetricDefinition, matches: Matches = {}, part?: Part): string {
  const parts = partsOf(definition);
  if (part === undefined ? parts.length > 0 : !parts.includes(part)) {
    const [has, lacks] = [
      `one of its parts (${parts.join(', ')})`,
      `no part, since it is a ${definition.type}`,
    ];
    throw monitoringError(`metric \`${definition.name}\``, parts.length > 0 ? has : lacks, part);
  }
  for (const [label, match] of Object.entries(matches))
    if (label !== 'le' || part !== '_bucket') checkLabel(definition, label, match);
  return `${definition.name}${part ?? ''}${matchersOf(matches)}`;
}

/**
 * The selector of a native histogram, which has one series and no parts.
 * @throws ERR_METRICS_INVALID_MONITORING for a label that the metric lacks, or a value outside a closed set
 */
export function nativeSelector(definition: HistogramDefinition, matches: Matches): string {
  for (const [label, match] of Object.entries(matches)) checkLabel(definition, label, match);
  return `${definition.name}${matchersOf(matches)}`;
}

/** `{job="tamma",outcome=~"failure|other"}`; empty without matchers. */
export function matchersOf(matches: Matches): string {
  const matchers = Object.entries(matches).map(([label, match]) => `${label}${matcher(match)}`);
  return matchers.length === 0 ? '' : `{${matchers.join(',')}}`;
}

/**
 * The spellings of a bound in the label `le`. Prometheus 2 keeps what it scraped: `1` in the text format, `1.0` in OpenMetrics.
 * Prometheus 3 normalizes it to that of Go, `1.0` or `1e+06`, which comes last.
 */
export function boundTexts(bound: number): readonly string[] {
  const text = String(bound);
  const float = /^-?\d+$/.test(text) ? `${text}.0` : text;
  const [digits = '', exponent = ''] = bound.toExponential().split('e');
  const power = Number(exponent);
  const isShort = bound === 0 || (power >= -4 && power < 6);
  const normalized = isShort
    ? float
    : `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return [...new Set([text, float, normalized])];
}

/**
 * Matches one bound of a histogram in every spelling.
 * @throws ERR_METRICS_INVALID_MONITORING for a bound that the histogram lacks
 */
export function bucketMatch(definition: HistogramDefinition, bound: number): Match {
  if (!definition.buckets.includes(bound)) {
    const expected = `one of its bounds (${definition.buckets.join(', ')})`;
    throw monitoringError(`bucket of metric \`${definition.name}\``, expected, bound);
  }
  const texts = boundTexts(bound);
  return texts.length === 1 ? String(bound) : { oneOf: texts };
}

/** `sum by (a, b) (…)`. */
export function aggregate(operator: string, by: readonly string[], expression: string): string {
  return by.length === 0 ? `${operator}(${expression})` : `${operator} by (${by.join(', ')}) (${expression})`;
}

/** A part of a whole: 0, instead of nothing, while the part has no series. */
export function filled(part: string, whole: string): string {
  return `${part} or 0 * ${whole}`;
}

export interface Minima {
  /** Fewer events of the part than this give no share. */
  readonly part: number;
  /** The same of the whole. */
  readonly whole: number;
}

/**
 * The share of a part in a whole: 0 while the part has no series, nothing while the whole is 0, so that an idle hour is neither a
 * failure nor NaN. With minima: nothing while there are fewer events than these.
 */
export function ratio(part: string, whole: string, minima?: Minima): string {
  return minima === undefined
    ? `(${filled(part, whole)}) / (${whole} > 0)`
    : `(${part} >= ${minima.part}) / (${whole} >= ${minima.whole})`;
}

/** Seconds as Prometheus writes a duration: `90s` is `1m30s`. */
export function duration(seconds: number): string {
  const milliseconds = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  let rest = Math.round(seconds * 1_000);
  let text = '';
  for (const [unit, size] of Object.entries(milliseconds)) {
    if (rest >= size) text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text || '0s';
}

/** The error for what does not fit a definition. The caller throws it. */
export function monitoringError(what: string, expected: string, received: unknown, hint = ''): Error {
  return metricsError(
    'ERR_METRICS_INVALID_MONITORING',
    `Invalid ${what} in the monitoring bundle: expected ${expected}, received ${shown(received)}.${hint === '' ? '' : ` ${hint}`}`,
  );
}

/** @throws ERR_METRICS_INVALID_MONITORING */
export function checkLabel({ name, labels }: MetricDefinition, label: string, match?: Match): void {
  if (targetLabels.includes(label)) return;
  const declared = Object.keys(labels);
  const spec = labels[label];
  if (spec === undefined) {
    const expected = declared.length === 0 ? 'no labels' : `one of ${declared.join(', ')}`;
    const hint = didYouMean(label, declared).trim();
    throw monitoringError(`label of metric \`${name}\``, expected, label, hint);
  }
  if (match === undefined || spec.values === undefined) return;
  for (const value of valuesOf(match)) {
    if (spec.values.includes(value) || value === 'other') continue;
    const where = `value of label \`${label}\` of metric \`${name}\``;
    throw monitoringError(where, `one of ${spec.values.join(', ')}`, value);
  }
}

function valuesOf(match: Match): readonly string[] {
  if (typeof match === 'string') return [match];
  if ('raw' in match) return [];
  return 'oneOf' in match ? match.oneOf : match.noneOf;
}

function partsOf({ type }: MetricDefinition): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  return type === 'summary' ? ['_sum', '_count'] : [];
}

function matcher(match: Match): string {
  if (typeof match === 'string') return `="${escaped(match)}"`;
  if ('raw' in match) return match.raw;
  return `${'oneOf' in match ? '=' : '!'}~"${valuesOf(match).map(literal).join('|')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Text in a regular expression in a string. */
function literal(text: string): string {
  return escaped(text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
}
