/** `tamma-metrics lint`: names, units, help, cardinality and identifiers of an endpoint's metrics. */
import { conventionFindings, type Nameable } from '../naming.js';
import type { ExposedFamily, Exposition } from './exposition-reader.js';
import type { Paint } from './paint.js';

export interface EndpointFinding {
  readonly metric: string;
  /** A rule of the definition lint, or `cardinality`, `identifier-value`, `missing-help`, `missing-type`, `unreadable-line`. */
  readonly rule: string;
  readonly message: string;
}

export interface LintOptions {
  /** Series from which on a metric has too many. */
  readonly maxSeries: number;
}

/** How many values of a label look like identifiers before it is told: one may be a name by chance. */
const someIdentifiers = 3;

export function endpointFindings(
  { families, unreadable }: Exposition,
  { maxSeries }: LintOptions,
): EndpointFinding[] {
  const findings = families.flatMap((family) => [
    ...missing(family),
    ...conventions(family),
    ...cardinality(family, maxSeries),
    ...identifiers(family),
  ]);
  if (unreadable.length > 0) {
    findings.push({
      metric: '',
      rule: 'unreadable-line',
      message: `${unreadable.length} lines are neither samples nor comments, the first: ${JSON.stringify(unreadable[0]?.slice(0, 80))}.`,
    });
  }
  return findings;
}

export function lintText(findings: readonly EndpointFinding[], paint: Paint): string {
  if (findings.length === 0) return paint.green('Nothing found.');
  return [
    ...findings.map(({ rule, message }) => `${paint.yellow(rule)}  ${message}`),
    '',
    `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}.`,
  ].join('\n');
}

function missing({ name, type, help, series }: ExposedFamily): EndpointFinding[] {
  if (series === 0) return [];
  const findings: EndpointFinding[] = [];
  if (type === 'untyped' || type === 'unknown')
    findings.push({
      metric: name,
      rule: 'missing-type',
      message: `Metric \`${name}\`: it has no type, expected a TYPE line.`,
    });
  if (help === '')
    findings.push({
      metric: name,
      rule: 'missing-help',
      message: `Metric \`${name}\`: it has no help, expected a HELP line.`,
    });
  return findings;
}

function conventions({ name, type, help, labels }: ExposedFamily): EndpointFinding[] {
  if (!isKnownType(type)) return [];
  return (
    // OpenMetrics writes a counter's family without the suffix that its samples have.
    conventionFindings({
      name: type === 'counter' && !name.endsWith('_total') ? `${name}_total` : name,
      type,
      help: help === '' ? 'None.' : help,
      labels: Object.fromEntries([...labels.keys()].map((label) => [label, true])),
    })
      .filter(({ rule }) => rule !== 'reserved-suffix')
      // How to exempt a definition is of no use to who sees an endpoint only.
      .map(({ rule, message }) => ({
        metric: name,
        rule,
        message: message.replace(/ Rename it, or allow it .*$/, ''),
      }))
  );
}

function isKnownType(type: string): type is Nameable['type'] {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary';
}

function cardinality({ name, series, labels }: ExposedFamily, maxSeries: number): EndpointFinding[] {
  if (series <= maxSeries) return [];
  const [most] = [...labels].sort(([, one], [, other]) => other.size - one.size);
  const because = most === undefined ? '' : `, mostly by label \`${most[0]}\` (${most[1].size} values)`;
  return [
    {
      metric: name,
      rule: 'cardinality',
      message: `Metric \`${name}\`: it has ${series} series, expected at most ${maxSeries}${because}.`,
    },
  ];
}

/** UUIDs, object ids, long numbers, hashes, e-mail and IP addresses. */
const identifierValue =
  /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,}|\d{7,}|[^@\s]+@[^@\s]+\.[a-z]{2,}|\d{1,3}(?:\.\d{1,3}){3})$/i;

function identifiers({ name, labels }: ExposedFamily): EndpointFinding[] {
  return [...labels].flatMap(([label, values]) => {
    const found = [...values].filter((value) => identifierValue.test(value));
    if (found.length < someIdentifiers) return [];
    return [
      {
        metric: name,
        rule: 'identifier-value',
        message: `Metric \`${name}\`: ${found.length} values of label \`${label}\` look like identifiers, ${JSON.stringify(found[0])} for instance; each is a series of its own.`,
      },
    ];
  });
}
