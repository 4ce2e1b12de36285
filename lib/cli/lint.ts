/** `tamma-metrics lint`: what Prometheus refuses, and names, units, help, cardinality and identifiers of an endpoint's metrics. */
import { catalogue } from '../catalogue/catalogue.js';
import { closestMatch } from '../closest-match.js';
import type { MetricDefinition } from '../definition.js';
import { clipped, conventionFindings, lintRules, type Nameable } from '../naming.js';
import type { ExposedFamily, Exposition } from './exposition-reader.js';
import type { OpenMetricsProblem } from './open-metrics-rules.js';
import { type Paint, printable } from './paint.js';
import type { Refusal } from './refusals.js';

/** The rules of endpoints; those of names are the definition lint's. */
export const endpointRules = {
  refused: 'Prometheus drops the whole scrape.',
  'missing-type': 'A metric has a TYPE line.',
  'missing-help': 'A metric has a HELP line.',
  'duplicate-family': 'A metric has one HELP line, and one TYPE line before its samples.',
  'duplicate-series': 'A series has one sample: Prometheus takes the first, or with another value none.',
  'bucket-inf': 'A histogram has the bucket `+Inf`.',
  'bucket-order': 'A bucket counts no less than the one below.',
  'reserved-label': '`le` is a label of histograms, `quantile` of summaries.',
  escape: 'A backslash stands before a backslash, a quotation mark or an n.',
  'end-of-line': 'The last line ends with a newline.',
  'open-metrics': 'OpenMetrics is written as strict parsers read it.',
  cardinality: 'A metric has a bounded number of label sets.',
  'identifier-value': 'Label values are no identifiers of single things.',
  ...lintRules,
} as const;

export type EndpointRule = keyof typeof endpointRules;

/** Matters of taste, which nothing in Prometheus depends on. */
const styleRules: ReadonlySet<EndpointRule> = new Set(['help']);

export interface EndpointFinding {
  /** Empty where it is about the text. */
  readonly metric: string;
  readonly rule: EndpointRule;
  readonly message: string;
}

export interface LintOptions {
  /** Label sets that a metric may have; the buckets of a histogram count as one. */
  readonly maxSeries: number;
  /** Whether rules of style are applied. Default: false. */
  readonly style?: boolean;
  /** Rules that are not applied, `rule` or `rule:metric`. What Prometheus refuses cannot be ignored. Default: none. */
  readonly ignore?: readonly string[];
}

/** How many values of a label look like identifiers before it is reported: one may be a name by chance. */
const minIdentifiers = 3;

/** @throws for a rule to ignore that there is none of */
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
    ...(hasEndOfLine ? [] : [unended]),
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

/** What the definitions of this package are exempted from, so that its own output is clean. */
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
  const place = line === 0 ? 'the header' : `line ${line}`;
  return {
    metric: '',
    rule: 'refused',
    message: `Prometheus refuses the whole scrape: ${problem}, received ${JSON.stringify(text)} in ${place}${others}.`,
  };
}

/** Prometheus takes it; promtool, and what joins files, do not. */
const unended: EndpointFinding = {
  metric: '',
  rule: 'end-of-line',
  message: 'The last line has no newline at its end: promtool reads none of the text.',
};

function openMetrics({ metric, problem }: OpenMetricsProblem): EndpointFinding {
  return {
    metric,
    rule: 'open-metrics',
    message: `Metric \`${clipped(metric)}\`: it has ${clipped(problem)}, which OpenMetrics forbids; strict parsers drop the whole scrape.`,
  };
}

function structure(family: ExposedFamily): EndpointFinding[] {
  const { name, type, typeLines, help, helpLines, series, isTypedLate, duplicates, withoutInf } = family;
  const { notCumulative, bounds, escapes, withoutQuantile } = family;
  if (series === 0) return [];
  const isMisplaced = (label: string, ...types: readonly string[]): boolean =>
    typeLines > 0 && bounds.has(label) && !types.includes(type);
  const found: Partial<Record<EndpointRule, string | false>> = {
    'missing-type': typeLines === 0 && 'it has no type, expected a TYPE line',
    'missing-help': help === '' && 'it has no help, expected a HELP line',
    'duplicate-family':
      (typeLines > 1 && `it has ${typeLines} TYPE lines, expected one`) ||
      (helpLines > 1 && `it has ${helpLines} HELP lines, expected one`) ||
      (isTypedLate && 'its TYPE line stands behind its samples, expected it before them'),
    'duplicate-series': duplicates > 0 && `${counted(duplicates, 'sample')} of a series that has one already`,
    'bucket-inf': withoutInf > 0 && `${counted(withoutInf, 'label set')} without the bucket \`+Inf\``,
    'bucket-order':
      notCumulative > 0 &&
      `${counted(notCumulative, 'label set')} with a bucket that counts less than the one below`,
    'reserved-label':
      (isMisplaced('le', 'histogram', 'gaugehistogram') && 'the label `le` belongs to histograms') ||
      (isMisplaced('quantile', 'summary') && 'the label `quantile` belongs to summaries') ||
      (withoutQuantile > 0 && `${counted(withoutQuantile, 'sample')} whose \`quantile\` is no number`),
    escape: escapes > 0 && `${counted(escapes, 'line')} with a backslash that escapes nothing`,
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
      // What has no type may be a part of another metric; Python's client exposes `_created` as gauges.
      .filter(({ rule }) => rule !== 'reserved-suffix' || (isTyped && series > 0))
      // And it may be a counter.
      .filter(({ rule }) => isKnownType(type) || rule !== 'total-counter')
      // How to exempt a definition is of no use to who sees an endpoint only.
      .map(({ rule, message }) => ({
        metric: name,
        rule,
        message: message.replace(/ Rename it, or allow it .*$/s, ''),
      }))
  );
}

/** OpenMetrics writes a counter's family without the suffix that its samples have. */
function nameInQueries({ name, type, samples }: ExposedFamily): string {
  if (type !== 'counter' || name.endsWith('_total')) return name;
  const withSuffix = `${name}_total`;
  // Without samples nobody can tell.
  return samples.size === 0 || samples.has(withSuffix) ? withSuffix : name;
}

function isKnownType(type: string): type is Nameable['type'] {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary';
}

function cardinality({ name, labelSets, labels }: ExposedFamily, maxSeries: number): EndpointFinding[] {
  if (labelSets <= maxSeries) return [];
  const [largest] = [...labels].sort(([, one], [, other]) => other.size - one.size);
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
  // An info metric has one series for each thing that it describes.
  if (type === 'info' || name.endsWith('_info')) return [];
  return [...labels].flatMap(([label, values]) => {
    const found = [...values].filter((value) => value.length <= 256 && identifierValue.test(value));
    if (found.length < minIdentifiers) return [];
    return [
      {
        metric: name,
        rule: 'identifier-value',
        message: `Metric \`${clipped(name)}\`: ${found.length} values of label \`${clipped(label)}\` look like identifiers, ${JSON.stringify(found[0])} for instance; each is a series of its own.`,
      },
    ];
  });
}
