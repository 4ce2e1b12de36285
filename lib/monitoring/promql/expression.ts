/**
 * PromQL from definitions: names, labels, closed values and buckets are those of the definition or the generation fails, so a
 * rule cannot outlive the metric it reads.
 */
import type { HistogramDefinition, MetricDefinition } from '../../definition.js';
import { metricsError, nearest, shown } from '../../errors.js';

/** What a label must be: a value, one of several, or not one of several. */
export type Match =
  | string
  | { readonly oneOf: readonly string[] }
  | { readonly noneOf: readonly string[] }
  | { readonly raw: string };

export type Matches = Readonly<Record<string, Match>>;

/** Labels that Prometheus gives every series of a target, whatever its definition. */
export const targetLabels: readonly string[] = ['job', 'instance'];

export type Part = '_bucket' | '_sum' | '_count';

/**
 * The selector of a metric: `issues_processed_total{job="tamma",outcome="failure"}`. `raw` is a matcher as it stands, `=~"$job"`.
 * @throws ERR_METRICS_INVALID_MONITORING for a label that the definition lacks, a value outside of its closed set, a part that
 *   its type has not
 */
export function selector(definition: MetricDefinition, matches: Matches = {}, part?: Part): string {
  const parts = partsOf(definition);
  if (part === undefined ? parts.length > 0 : !parts.includes(part)) {
    throw monitoringError(
      `metric \`${definition.name}\``,
      parts.length > 0
        ? `one of its parts (${parts.join(', ')})`
        : `no part, since it is a ${definition.type}`,
      part,
    );
  }
  for (const [label, match] of Object.entries(matches))
    if (label !== 'le' || part !== '_bucket') checkLabel(definition, label, match);
  return `${definition.name}${part ?? ''}${matchersOf(matches)}`;
}

/** `{job="tamma",outcome=~"failure|other"}`; without matchers, nothing. */
export function matchersOf(matches: Matches): string {
  const matchers = Object.entries(matches).map(([label, match]) => `${label}${matcher(match)}`);
  return matchers.length === 0 ? '' : `{${matchers.join(',')}}`;
}

/**
 * What `le` may say for a bound: Prometheus 2 keeps what was scraped, `1` of the text format and `1.0` of OpenMetrics;
 * Prometheus 3 writes it as Go does, `1.0` or `1e+06`: that one is the last.
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
 * A matcher for one bound of a histogram, however Prometheus writes it.
 * @throws ERR_METRICS_INVALID_MONITORING for a bound that the histogram lacks, with those that it has
 */
export function bucketMatch(definition: HistogramDefinition, bound: number): Match {
  if (!definition.buckets.includes(bound)) {
    throw monitoringError(
      `bucket of metric \`${definition.name}\``,
      `one of its bounds (${definition.buckets.join(', ')})`,
      bound,
    );
  }
  const texts = boundTexts(bound);
  return texts.length === 1 ? String(bound) : { oneOf: texts };
}

/** `sum by (a, b) (…)`. */
export function aggregate(operator: string, by: readonly string[], expression: string): string {
  return by.length === 0 ? `${operator}(${expression})` : `${operator} by (${by.join(', ')}) (${expression})`;
}

export function sumBy(by: readonly string[], expression: string): string {
  return aggregate('sum', by, expression);
}

/** `rate(…[window])`. */
export function rate(selected: string, window: string): string {
  return `rate(${selected}[${window}])`;
}

/** A part of a whole: 0, not nothing, while the part has no series. */
export function filled(part: string, whole: string): string {
  return `${part} or 0 * ${whole}`;
}

export interface Minima {
  /** Events of the part below which the share says nothing. */
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

/** A quantile of a histogram by labels. */
export function quantile(
  share: number,
  definition: HistogramDefinition,
  by: readonly string[],
  window: string,
  matches: Matches = {},
): string {
  return `histogram_quantile(${share}, ${sumBy([...by, 'le'], rate(selector(definition, matches, '_bucket'), window))})`;
}

/** Seconds as Prometheus writes a duration: `90s` is `1m30s`. */
export function duration(seconds: number): string {
  const units: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ];
  let rest = Math.round(seconds * 1_000);
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / (size * 1_000));
    rest -= count * size * 1_000;
    if (count > 0) text += `${count}${unit}`;
  }
  if (rest > 0) text += `${rest}ms`;
  return text === '' ? '0s' : text;
}

/** The error for everything that does not fit a definition. Returned, for its caller to throw. */
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
    const meant = nearest(label, declared);
    throw monitoringError(
      `label of metric \`${name}\``,
      declared.length === 0 ? 'no labels' : `one of ${declared.join(', ')}`,
      label,
      meant === undefined ? '' : `Did you mean \`${meant}\`?`,
    );
  }
  if (match === undefined || spec.values === undefined) return;
  const values =
    typeof match === 'string'
      ? [match]
      : 'oneOf' in match
        ? match.oneOf
        : 'noneOf' in match
          ? match.noneOf
          : [];
  for (const value of values) {
    if (spec.values.includes(value) || value === 'other') continue;
    throw monitoringError(
      `value of label \`${label}\` of metric \`${name}\``,
      `one of ${spec.values.join(', ')}`,
      value,
    );
  }
}

function partsOf({ type }: MetricDefinition): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  return type === 'summary' ? ['_sum', '_count'] : [];
}

function matcher(match: Match): string {
  if (typeof match === 'string') return `="${escaped(match)}"`;
  if ('raw' in match) return match.raw;
  if ('oneOf' in match) return `=~"${match.oneOf.map(literal).join('|')}"`;
  return `!~"${match.noneOf.map(literal).join('|')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** A text within a regular expression within a string. */
function literal(text: string): string {
  return escaped(text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
}
