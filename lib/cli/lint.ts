/** `tamma-metrics lint`: checks the syntax, names, units, help, cardinality and identifiers of an endpoint's metrics. */
import { catalogue } from '../catalogue/catalogue.js';
import { closestMatch } from '../closest-match.js';
import type { MetricDefinition } from '../definition.js';
import { clipped, conventionFindings, lintRules, type Nameable } from '../naming.js';
import type { ExposedFamily, Exposition } from './exposition-reader.js';
import type { OpenMetricsProblem } from './open-metrics-rules.js';
import { type Paint, printable } from './paint.js';
import type { Refusal } from './refusals.js';

/** The rules for endpoints, with the naming rules of definitions. */
export const endpointRules = {
  refused: 'Prometheus rejects the whole scrape.',
  'missing-type': 'A metric has a TYPE line.',
  'missing-help': 'A metric has a HELP line.',
  'duplicate-family': 'A metric has one HELP line, and one TYPE line before its samples.',
  'duplicate-series':
    'A series has one sample. Of several, Prometheus stores the first, or none if their values differ.',
  'bucket-inf': 'A histogram has the bucket `+Inf`.',
  'bucket-order': 'A bucket is not smaller than the one before it.',
  'reserved-label': 'Only histograms have the label `le`, and only summaries `quantile`.',
  escape: 'A backslash is followed by a backslash, a quotation mark or an n.',
  'end-of-line': 'The last line ends with a newline.',
  'open-metrics': 'Strict parsers of OpenMetrics can read it.',
  cardinality: 'A metric has a bounded number of label sets.',
  'identifier-value': 'Label values are not identifiers.',
  ...lintRules,
} as const;

export type EndpointRule = keyof typeof endpointRules;

/** Rules that nothing in Prometheus depends on. */
const styleRules: ReadonlySet<EndpointRule> = new Set(['help']);

/** A violation of a rule. */
export interface EndpointFinding {
  /** Name of the metric; empty if the finding is about the whole text. */
  readonly metric: string;
  readonly rule: EndpointRule;
  readonly message: string;
}

/** Options of the command. */
export interface LintOptions {
  /** Maximum number of label sets per metric. The buckets of a histogram count as one. */
  readonly maxSeries: number;
  /** Whether style rules are applied. Default: false. */
  readonly style?: boolean;
  /** Rules to skip, as `rule` or `rule:metric`. `refused` cannot be skipped. Default: none. */
  readonly ignore?: readonly string[];
}

/** A label is reported from this number of values on that look like identifiers: a single one may be a name. */
const minIdentifiers = 3;

/** @throws an Error for an unknown rule in `ignore` */
export function endpointFindings(
  { families, refusals, forbidden, hasEndOfLine }: Exposition,
  { maxSeries, style = false, ignore = [] }: LintOptions,
): EndpointFinding[] {
  const ignored = new Set([...ownExemptions(), ...ignore.map(checkedIgnore)]);
  const findings = [
    ...families.flatMap((family) => [
      ...structure(family),
      ...conventions(family),
      ...cardinality(family, maxSeries),
      ...identifiers(family),
    ]),
    ...forbidden.map(openMetrics),
    ...(hasEndOfLine ? [] : [withoutEndOfLine]),
  ]
    .filter(({ rule }) => style || !styleRules.has(rule))
    .filter(({ metric, rule }) => !ignored.has(rule) && !ignored.has(`${rule}:${metric}`));
  return [...refusals.map(refused), ...findings];
}

export function lintText(findings: readonly EndpointFinding[], paint: Paint): string {
  if (findings.length === 0) return paint.green('Nothing found.');
  return [
    ...findings.map(({ rule, message }) => `${paint.yellow(rule)}  ${printable(message)}`),
    '',
    `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}.`,
  ].join('\n');
}

/** The exemptions of this package's definitions, so that its own output has no findings. */
function ownExemptions(): string[] {
  return Object.values<MetricDefinition>(catalogue).flatMap(({ name, lint }) =>
    (lint?.allow ?? []).map((rule) => `${rule}:${name}`),
  );
}

function checkedIgnore(text: string): string {
  const rule = text.replace(/:.*$/s, '');
  const rules = Object.keys(endpointRules).filter((each) => each !== 'refused');
  if (rules.includes(rule)) return text;
  const near = closestMatch(rule, rules, 3);
  throw new Error(
    `Invalid rule \`${rule}\` to ignore: expected one of ${rules.join(', ')}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
  );
}

function refused({ problem, lines, line, text }: Refusal): EndpointFinding {
  const others = lines === 1 ? '' : `, and ${lines - 1} more`;
  const where = line === 0 ? 'the header' : `line ${line}`;
  return {
    metric: '',
    rule: 'refused',
    message: `Prometheus rejects the whole scrape: ${problem}, received ${JSON.stringify(text)} in ${where}${others}.`,
  };
}

/** Prometheus accepts it; promtool does not. */
const withoutEndOfLine: EndpointFinding = {
  metric: '',
  rule: 'end-of-line',
  message: 'The last line does not end with a newline: promtool cannot read the text.',
};

function openMetrics({ metric, problem }: OpenMetricsProblem): EndpointFinding {
  return {
    metric,
    rule: 'open-metrics',
    message: `Metric \`${clipped(metric)}\`: it has ${clipped(problem)}, which OpenMetrics forbids. Strict parsers reject the whole scrape.`,
  };
}

function structure(family: ExposedFamily): EndpointFinding[] {
  const { name, type, typeLines, help, helpLines, series, isTypedLate, duplicates, withoutInf } = family;
  const { notCumulative, bounds, escapes, invalidQuantiles } = family;
  if (series === 0) return [];
  const isMisplaced = (label: string, ...types: readonly string[]): boolean =>
    typeLines > 0 && bounds.has(label) && !types.includes(type);
  const found: Partial<Record<EndpointRule, string | false>> = {
    'missing-type': typeLines === 0 && 'it has no type, expected a TYPE line',
    'missing-help': help === '' && 'it has no help, expected a HELP line',
    'duplicate-family':
      (typeLines > 1 && `it has ${typeLines} TYPE lines, expected one`) ||
      (helpLines > 1 && `it has ${helpLines} HELP lines, expected one`) ||
      (isTypedLate && 'its TYPE line follows samples, expected it before them'),
    'duplicate-series': duplicates > 0 && `${counted(duplicates, 'sample')} of a series that already has one`,
    'bucket-inf': withoutInf > 0 && `${counted(withoutInf, 'label set')} without the bucket \`+Inf\``,
    'bucket-order':
      notCumulative > 0 &&
      `${counted(notCumulative, 'label set')} with a bucket that is smaller than the one before it`,
    'reserved-label':
      (isMisplaced('le', 'histogram', 'gaugehistogram') && 'the label `le` belongs to histograms') ||
      (isMisplaced('quantile', 'summary') && 'the label `quantile` belongs to summaries') ||
      (invalidQuantiles > 0 && `${counted(invalidQuantiles, 'sample')} whose \`quantile\` is not a number`),
    escape: escapes > 0 && `${counted(escapes, 'line')} with an invalid escape sequence`,
  };
  return Object.entries(found).flatMap(([rule, what]) =>
    what
      ? [{ metric: name, rule: rule as EndpointRule, message: `Metric \`${clipped(name)}\`: ${what}.` }]
      : [],
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function conventions(family: ExposedFamily): EndpointFinding[] {
  const { name, type, help, labels, typeLines, series } = family;
  const isTyped = typeLines > 0 && type !== 'histogram' && type !== 'summary' && !name.endsWith('_created');
  return (
    conventionFindings({
      name: nameInQueries(family),
      type: isKnownType(type) ? type : 'gauge',
      help: help === '' ? 'None.' : help,
      labels: Object.fromEntries([...labels.keys()].map((label) => [label, true])),
    })
      // A family without a type may be a part of another metric. Python's client exposes `_created` as gauges.
      .filter(({ rule }) => rule !== 'reserved-suffix' || (isTyped && series > 0))
      // It may also be a counter.
      .filter(({ rule }) => isKnownType(type) || rule !== 'total-counter')
      // An endpoint has no definition that could exempt the metric.
      .map(({ rule, message }) => ({
        metric: name,
        rule,
        message: message.replace(/ Rename it, or allow it .*$/s, ''),
      }))
  );
}

/** In OpenMetrics, the name of a counter's family does not have the suffix of its samples. */
function nameInQueries({ name, type, samples }: ExposedFamily): string {
  if (type !== 'counter' || name.endsWith('_total')) return name;
  const withSuffix = `${name}_total`;
  // Without samples the suffix is assumed.
  return samples.size === 0 || samples.has(withSuffix) ? withSuffix : name;
}

function isKnownType(type: string): type is Nameable['type'] {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary';
}

function cardinality({ name, labelSets, labels }: ExposedFamily, maxSeries: number): EndpointFinding[] {
  if (labelSets <= maxSeries) return [];
  const [largest] = [...labels].sort(([, left], [, right]) => right.size - left.size);
  const because =
    largest === undefined ? '' : `, mostly by label \`${clipped(largest[0])}\` (${largest[1].size} values)`;
  return [
    {
      metric: name,
      rule: 'cardinality',
      message: `Metric \`${clipped(name)}\`: it has ${labelSets} label sets, expected at most ${maxSeries}${because}.`,
    },
  ];
}

/** UUIDs, object ids, long numbers, hashes, e-mail and IP addresses. */
const identifierValue =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,}|\d{7,}|[^@\s]+@[^@\s]+\.[a-z]{2,}|\d{1,3}(?:\.\d{1,3}){3})$/i;

function identifiers({ name, type, labels }: ExposedFamily): EndpointFinding[] {
  // An info metric has one series per object that it describes.
  if (type === 'info' || name.endsWith('_info')) return [];
  return [...labels].flatMap(([label, values]) => {
    const found = [...values].filter((value) => value.length <= 256 && identifierValue.test(value));
    if (found.length < minIdentifiers) return [];
    return [
      {
        metric: name,
        rule: 'identifier-value',
        message: `Metric \`${clipped(name)}\`: ${found.length} values of label \`${clipped(label)}\` look like identifiers, for example ${JSON.stringify(found[0])}. Each value is a separate series.`,
      },
    ];
  });
}
