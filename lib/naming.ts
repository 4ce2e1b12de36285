/**
 * Names, units and help texts: what is invalid (thrown) and what breaks Prometheus' conventions (reported).
 * Sources: Prometheus' data model and naming practices, OpenMetrics 1.0, and the checks of `promtool check metrics`.
 */
import { metricsError, shown } from './errors.js';

/** The part of a definition that the lint reads. */
export interface Nameable {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly labels: Readonly<Record<string, unknown>>;
}

/** The conventions of the lint; `lint: { allow: [...], why }` in a definition takes these names. */
export const lintRules = {
  'counter-total': 'A counter ends in `_total`.',
  'total-counter': 'Only a counter ends in `_total`.',
  'base-unit':
    'Units are base units, written out: seconds, bytes, ratio, celsius, meters, grams, joules, volts, amperes.',
  'reserved-suffix':
    '`_bucket`, `_sum`, `_count` and `_created` belong to the parts of histograms and summaries.',
  'type-in-name': 'The name does not say the type.',
  'snake-case': 'Names and labels are written in snake_case.',
  colon: 'Colons are for recording rules.',
  help: 'The help text is one line that starts with a capital letter and ends with a full stop.',
  'identifier-label': 'Labels are not identifiers: each value is a series that is never removed.',
} as const;

/** The name of a convention of Prometheus that `lintDefinition` checks. */
export type LintRule = keyof typeof lintRules;

/** A violation of a convention. */
export interface LintFinding {
  /** Name of the metric. */
  readonly metric: string;
  /** The convention that it breaks. */
  readonly rule: LintRule;
  /** The problem, the fix, and how to allow it. */
  readonly message: string;
}

/** prom-client's and Prometheus' classic character set. Colons are valid, and linted. */
const metricNamePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const reservedLabels: ReadonlySet<string> = new Set(['le', 'quantile']);

/** Whether a value is a valid metric name in both exposition formats. */
export function isMetricName(name: unknown): name is string {
  return typeof name === 'string' && metricNamePattern.test(name);
}

/** Whether a text has the syntax of a label name, reserved names included. */
export function isLabelName(name: string): boolean {
  return labelNamePattern.test(name);
}

/** Whether a text is a label name that does not start with `__`, which Prometheus reserves. */
export function isUserLabelName(name: string): boolean {
  return labelNamePattern.test(name) && !name.startsWith('__');
}

/** Whether a text is the name of a label that can be added to every series: neither reserved nor `le` or `quantile`. */
export function isConstantLabelName(name: string): boolean {
  return isUserLabelName(name) && !reservedLabels.has(name);
}

/** Base units by other units, as in `promtool check metrics`, and percentages. */
const baseUnits: Readonly<Record<string, string>> = {
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  weeks: 'seconds',
  fahrenheit: 'celsius',
  rankine: 'celsius',
  inches: 'meters',
  yards: 'meters',
  miles: 'meters',
  bits: 'bytes',
  calories: 'joules',
  pounds: 'grams',
  ounces: 'grams',
  percent: 'ratio',
  percents: 'ratio',
  percentage: 'ratio',
};

/** Units only after another word: the `s` of `s_total` need not be one. */
const abbreviations: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'seconds',
  us: 'seconds',
  ns: 'seconds',
  sec: 'seconds',
  secs: 'seconds',
  h: 'seconds',
  hr: 'seconds',
  hrs: 'seconds',
  d: 'seconds',
  m: 'meters',
  b: 'bytes',
  kb: 'bytes',
  mb: 'bytes',
  gb: 'bytes',
  tb: 'bytes',
  pb: 'bytes',
};

const prefixedUnit =
  /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mebi|giga|gibi|tera|tebi|peta|pebi)(amperes|bits|bytes|celsius|grams|joules|kelvin|meters|metres|seconds|volts)$/;

function baseUnitOf(word: string, isFirst: boolean): string | undefined {
  if (Object.hasOwn(baseUnits, word)) return baseUnits[word];
  if (!isFirst && Object.hasOwn(abbreviations, word)) return abbreviations[word];
  const unit = prefixedUnit.exec(word)?.[1];
  return unit === 'bits' ? 'bytes' : unit;
}

/** Rules that emit a warning when a metric is defined: violations break queries and other formats, or cause unbounded series. */
export const warnedRules: ReadonlySet<LintRule> = new Set([
  'counter-total',
  'total-counter',
  'reserved-suffix',
  'identifier-label',
]);

/** Maximum length of a name in a message. */
const maxShownName = 120;

/** Label names that suggest unique identifiers, which belong in exemplars or logs. */
const identifierLabel =
  /(^|_)(uuid|guid|hash|sha|email|ip|url|token|timestamp)$|(^|_)(workflow|step|user|request|session|trace|span|issue|pr|pull_request|commit|message|transaction|correlation|job|run|delivery)_?id$|^id$/i;

/** @throws ERR_METRICS_INVALID_NAME for an invalid metric name */
export function checkMetricName(name: unknown): asserts name is string {
  if (isMetricName(name)) return;
  throw metricsError(
    'ERR_METRICS_INVALID_NAME',
    `Invalid metric name ${quoted(name)}: expected letters, digits and \`_\` (not starting with a digit), received ${shown(name)}.${suggestion(name)}`,
  );
}

/** @throws ERR_METRICS_INVALID_LABEL; ERR_METRICS_RESERVED_LABEL for `le`, `quantile` and `__*` */
export function checkLabelName(metric: string, label: string): void {
  if (!isLabelName(label)) {
    throw metricsError(
      'ERR_METRICS_INVALID_LABEL',
      `Invalid label name ${quoted(label)} of metric \`${metric}\`: expected letters, digits and \`_\` (not starting with a digit), received ${shown(label)}.${suggestion(label)}`,
    );
  }
  if (!isConstantLabelName(label)) {
    throw metricsError(
      'ERR_METRICS_RESERVED_LABEL',
      `Reserved label name \`${label}\` of metric \`${metric}\`: \`le\`, \`quantile\` and names starting with \`__\` belong to Prometheus; expected another name, received ${shown(label)}.`,
    );
  }
}

/** @throws ERR_METRICS_INVALID_HELP for a missing or blank help text */
export function checkHelp(metric: string, help: unknown): asserts help is string {
  if (typeof help === 'string' && help.trim() !== '') return;
  throw metricsError(
    'ERR_METRICS_INVALID_HELP',
    `Missing help of metric \`${metric}\`: expected a sentence that says what is counted or measured, received ${shown(help)}.`,
  );
}

/** All violations of conventions by a definition, before exemptions. */
export function conventionFindings(definition: Nameable): LintFinding[] {
  const { name, type, help } = definition;
  const words = name.toLowerCase().split(/[_:]/);
  const findings: LintFinding[] = [];
  const report = (rule: LintRule, what: string): void => {
    findings.push({
      metric: name,
      rule,
      message: `Metric \`${clipped(name)}\`: ${what} Rename it, or allow it with \`lint: { allow: ['${rule}'], why: '...' }\`.`,
    });
  };

  if (type === 'counter' && !name.endsWith('_total')) report('counter-total', 'a counter ends in `_total`.');
  if (type !== 'counter' && name.endsWith('_total'))
    report('total-counter', `only a counter ends in \`_total\`, this is a ${type}.`);
  // Only the first finding per rule: a name may have any number of words.
  const unit = words.find((word, index) => baseUnitOf(word, index === 0) !== undefined);
  if (unit !== undefined)
    report('base-unit', `\`${unit}\` is not a base unit, expected \`${baseUnitOf(unit, false)}\`.`);
  if (/_(bucket|sum|count|created)$/.test(name)) {
    report(
      'reserved-suffix',
      `the suffix \`_${clipped(words.at(-1) ?? '')}\` belongs to the parts of histograms and summaries.`,
    );
  }
  const typeWord = words.find((word) => /^(counter|gauge|histogram|summary)$/.test(word));
  if (typeWord !== undefined) report('type-in-name', `the name says its type (\`${typeWord}\`).`);
  if (/[a-z][A-Z]|^[A-Z]/.test(name)) report('snake-case', 'the name is not in snake_case.');
  if (name.includes(':')) report('colon', 'colons are for recording rules.');
  if (help.includes('\n') || !/^[A-Z0-9]/.test(help) || !help.endsWith('.')) {
    report(
      'help',
      `the help text is one line that starts with a capital letter and ends with a full stop, received ${shown(help)}.`,
    );
  }
  for (const label of Object.keys(definition.labels)) {
    if (/[a-z][A-Z]|^[A-Z]/.test(label))
      report('snake-case', `the label \`${clipped(label)}\` is not in snake_case.`);
    // An info metric has one series per process.
    if (!name.endsWith('_info') && identifierLabel.test(label)) {
      report(
        'identifier-label',
        `the label \`${clipped(label)}\` looks like an identifier: each value would be a series of its own. Put it into an exemplar or a log line.`,
      );
    }
  }
  return findings;
}

/** A name, shortened for messages. */
export function clipped(name: string): string {
  return name.length > maxShownName ? `${name.slice(0, maxShownName)}...` : name;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `\`${value}\`` : `\`${shown(value)}\``;
}

/** A valid spelling of an invalid name, if there is one. */
function suggestion(name: unknown): string {
  if (typeof name !== 'string') return '';
  const valid = name
    .trim()
    .replace(/[^a-zA-Z0-9_]+/g, '_')
    .replace(/^(\d)/, '_$1')
    .replace(/^_+$/, '');
  return valid === '' ? '' : ` \`${valid}\` would be valid.`;
}
