/** `tamma-metrics lint`: names, units, help, cardinality and identifiers of an endpoint's metrics. */
import { conventionFindings, type Nameable } from '../naming.js';
import type { ExposedFamily, Exposition } from './exposition-reader.js';
import { type Paint, printable } from './paint.js';

export interface EndpointFinding {
  readonly metric: string;
  /** A rule of the definition lint, or `cardinality`, `identifier-value`, `missing-help`, `missing-type`, `unreadable-line`. */
  readonly rule: string;
  readonly message: string;
}

export interface LintOptions {
  /** Label sets that a metric may have; the buckets of a histogram are none of their own. */
  readonly maxSeries: number;
}

/** How many values of a label look like identifiers before it is told: one may be a name by chance. */
const someIdentifiers = 3;

export function endpointFindings(
  { families, unreadable, firstUnreadable }: Exposition,
  { maxSeries }: LintOptions,
): EndpointFinding[] {
  const findings = families.flatMap((family) => [
    ...missing(family),
    ...conventions(family),
    ...cardinality(family, maxSeries),
    ...identifiers(family),
  ]);
  if (unreadable > 0) {
    findings.push({
      metric: '',
      rule: 'unreadable-line',
      message: `${unreadable} ${unreadable === 1 ? 'line is neither sample nor comment' : 'lines are neither samples nor comments'}, the first: ${JSON.stringify(firstUnreadable)}.`,
    });
  }
  return findings;
}

export function lintText(findings: readonly EndpointFinding[], paint: Paint): string {
  if (findings.length === 0) return paint.green('Nothing found.');
  return [
    ...findings.map(({ rule, message }) => `${paint.yellow(rule)}  ${printable(message)}`),
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

function conventions(family: ExposedFamily): EndpointFinding[] {
  const { name, type, help, labels } = family;
  return (
    conventionFindings({
      name: nameInQueries(family),
      type: isKnownType(type) ? type : 'gauge',
      help: help === '' ? 'None.' : help,
      labels: Object.fromEntries([...labels.keys()].map((label) => [label, true])),
    })
      .filter(({ rule }) => rule !== 'reserved-suffix')
      // What has no type may be a counter.
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
  const [most] = [...labels].sort(([, one], [, other]) => other.size - one.size);
  const because = most === undefined ? '' : `, mostly by label \`${most[0]}\` (${most[1].size} values)`;
  return [
    {
      metric: name,
      rule: 'cardinality',
      message: `Metric \`${name}\`: it has ${labelSets} label sets, expected at most ${maxSeries}${because}.`,
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
