/** Checks the options of an SLO and fills in the defaults. */
import { isDefinition, type MetricDefinition } from '../../definition.js';
import { MetricsError, metricsError } from '../../errors.js';
import { checkFactoryOptions } from '../../option-checks.js';
import type { OptionNames } from '../../option-names.js';
import { check, checkOneOf, isObject } from '../checks.js';
import { severities, subjects } from '../model.js';
import {
  bucketMatch,
  checkLabel,
  type Match,
  type Matches,
  monitoringError,
  targetLabels,
} from '../promql/expression.js';
import { budgetOf, burnFactors, checkLegs } from './burn-rates.js';
import type { CheckedEvents, EventMetric, Slo, SloSeverities } from './slo-model.js';

const optionNames = {
  name: true,
  objective: true,
  description: true,
  events: true,
  latency: true,
  by: true,
  windowDays: true,
  minimumEvents: true,
  severity: true,
  subject: true,
  legs: true,
  absence: true,
} satisfies OptionNames<Slo>;
const partNames = { good: true, bad: true, total: true } as const;
const eventNames = { metric: true, matches: true } as const;
const latencyNames = { metric: true, thresholdSeconds: true, matches: true } as const;
const severityNames = { page: true, ticket: true, absent: true } satisfies OptionNames<SloSeverities>;
const eventTypes: readonly string[] = ['counter', 'histogram', 'summary'];

const ownLabels = ['slo', 'alertname', 'severity', 'subject', 'service'];
/** Labels that every alert has; no series can bring them. */
const takenLabels: readonly string[] = [...ownLabels, ...targetLabels];

/** The options before they are checked: a JavaScript file may give anything. */
type Unchecked = { readonly [K in keyof Slo]?: unknown };
type Simple = Pick<Slo, 'description' | 'windowDays' | 'minimumEvents' | 'subject' | 'legs' | 'absence'>;

const isOneOf = (value: unknown, known: readonly unknown[]): boolean => known.includes(value);

/** Options whose value is checked alone. */
const simple: {
  readonly [K in keyof Simple]: readonly [expected: string, isValid: (value: unknown) => boolean];
} = {
  description: ['text', (value) => typeof value === 'string'],
  windowDays: ['a whole number of days, 7 or more', (value) => Number.isInteger(value) && Number(value) >= 7],
  minimumEvents: ['a number of 1 or more', (value) => Number.isFinite(value) && Number(value) >= 1],
  subject: [`one of ${subjects.join(', ')}`, (value) => isOneOf(value, subjects)],
  absence: ['"always" or "never"', (value) => isOneOf(value, ['always', 'never'])],
  legs: [
    `some of ${burnFactors.join(', ')}`,
    (value) => Array.isArray(value) && value.length > 0 && value.every((leg) => isOneOf(leg, burnFactors)),
  ],
};

const checked = new WeakSet<object>();

/**
 * The SLO of some options; one that has been checked comes out as it was.
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_INVALID_MONITORING
 */
export function checkedSlo(options: Unchecked): Slo {
  if (isChecked(options)) return options;
  checkFactoryOptions('defineSlo', options, optionNames);
  const { name, objective } = options;
  // Each part begins with a letter, so that no two names become one in CamelCase.
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name))
    throw monitoringError('name of an SLO', 'kebab-case such as `issue-success`', name);
  const whole = objective === 1 ? 'Of 100 % there is no error budget, and every bad event would page.' : '';
  const isShare = typeof objective === 'number' && objective > 0 && objective < 1;
  const share = 'a share above 0 and below 1, 0.99 for 99 %';
  check(isShare, `objective of SLO \`${name}\``, share, objective, whole);
  const { legs, ...rest } = checkedSimple(name, objective, options);
  checkLegs(name, objective, legs);
  const { events, latency } = indicator(name, options);
  const slo: Slo = Object.freeze({
    name,
    objective,
    events,
    latency,
    by: checkedBy(name, options.by, metricsOf({ events, latency })),
    severity: checkedSeverities(name, options.severity),
    legs: Object.freeze(burnFactors.filter((factor) => legs.includes(factor))),
    ...rest,
  });
  checked.add(slo);
  return slo;
}

function isChecked(options: object): options is Slo {
  return checked.has(options);
}

function checkedSimple(slo: string, objective: number, options: Unchecked): Simple {
  const values: Unchecked = {
    description: options.description ?? '',
    windowDays: options.windowDays ?? 30,
    // One bad event among that many is still below the fastest leg.
    minimumEvents: options.minimumEvents ?? Math.max(20, Math.ceil(1 / (14.4 * budgetOf(objective)) - 1e-9)),
    subject: options.subject ?? 'slo',
    legs: options.legs ?? burnFactors,
    absence: options.absence ?? 'never',
  };
  for (const [option, [expected, isValid]] of Object.entries(simple)) {
    const value = values[option as keyof Simple];
    if (!isValid(value)) throw monitoringError(`\`${option}\` of SLO \`${slo}\``, expected, value);
  }
  return values as Simple;
}

/** The metrics that an SLO reads. */
export function metricsOf({ events, latency }: Pick<Slo, 'events' | 'latency'>): MetricDefinition[] {
  if (latency !== undefined) return [latency.metric];
  return [events?.good, events?.bad, events?.total].flatMap((part) => part?.metric ?? []);
}

function indicator(slo: string, { events, latency }: Unchecked): Pick<Slo, 'events' | 'latency'> {
  if ((events === undefined) === (latency === undefined))
    throw monitoringError(`indicator of SLO \`${slo}\``, '`events` or `latency`, one of them', undefined);
  if (latency !== undefined) return { events: undefined, latency: checkedLatency(slo, latency) };
  const where = `\`events\` of SLO \`${slo}\``;
  checkFactoryOptions(where, events as Partial<Record<keyof typeof partNames, unknown>>, partNames);
  const given = Object.entries(events as object).filter(([, part]) => part !== undefined);
  if (given.length !== 2) {
    const names = given.map(([part]) => part);
    throw monitoringError(where, 'two of `good`, `bad` and `total`', names);
  }
  const parts = given.map(([part, value]) => [part, checkedEvents(slo, part, value)]);
  return { events: Object.freeze(Object.fromEntries(parts)), latency: undefined };
}

function checkedEvents(slo: string, part: string, events: unknown): CheckedEvents {
  const where = `\`${part}\` of SLO \`${slo}\``;
  checkFactoryOptions(where, events as Partial<CheckedEvents>, eventNames);
  const { metric, matches = {} } = events as { metric?: unknown; matches?: unknown };
  if (!isDefinition(metric) || !eventTypes.includes(metric.type)) {
    const received = isDefinition(metric) ? `${metric.type} ${metric.name}` : metric;
    const expected = 'a counter, or a histogram or summary whose count is read';
    throw monitoringError(`metric of ${where}`, expected, received);
  }
  return Object.freeze({ metric: metric as EventMetric, matches: checkedMatches(where, metric, matches) });
}

function checkedLatency(slo: string, latency: unknown): Slo['latency'] {
  const where = `\`latency\` of SLO \`${slo}\``;
  checkFactoryOptions(where, latency as NonNullable<Slo['latency']>, latencyNames);
  const { metric, thresholdSeconds, matches = {} } = latency as Partial<NonNullable<Slo['latency']>>;
  if (!isDefinition(metric) || metric.type !== 'histogram')
    throw monitoringError(`metric of ${where}`, 'a histogram', isDefinition(metric) ? metric.name : metric);
  within(where, () => bucketMatch(metric, thresholdSeconds as number));
  return Object.freeze({
    metric,
    thresholdSeconds: thresholdSeconds as number,
    matches: checkedMatches(where, metric, matches),
  });
}

function checkedMatches(where: string, metric: MetricDefinition, matches: unknown): Matches {
  check(isObject(matches), `\`matches\` of ${where}`, 'an object of labels', matches);
  for (const [label, match] of Object.entries(matches as Matches)) {
    const expected = 'a value, `{ oneOf }`, `{ noneOf }` or `{ raw }`';
    check(isMatch(match), `\`matches.${label}\` of ${where}`, expected, match);
    within(where, () => checkLabel(metric, label, match));
  }
  return Object.freeze({ ...matches });
}

function checkedBy(slo: string, by: unknown, metrics: readonly MetricDefinition[]): readonly string[] {
  if (by === undefined) return Object.freeze([]);
  const where = `\`by\` of SLO \`${slo}\``;
  check(Array.isArray(by), where, 'an array of labels', by);
  const expected = `none of ${takenLabels.join(', ')}, which are the alert's own`;
  const hint = 'Define an SLO for each value, with `matches`.';
  for (const label of by) {
    check(!takenLabels.includes(label), where, expected, label, hint);
    for (const metric of metrics) within(where, () => checkLabel(metric, label));
  }
  return Object.freeze([...by]);
}

function checkedSeverities(slo: string, own: unknown = {}): SloSeverities {
  const given = own as Partial<SloSeverities>;
  checkFactoryOptions(`\`severity\` of SLO \`${slo}\``, given, severityNames);
  for (const [alert, severity] of Object.entries(given))
    checkOneOf(severity, severities, `\`severity.${alert}\` of SLO \`${slo}\``);
  return Object.freeze({ page: 'page', ticket: 'ticket', absent: 'ticket', ...given });
}

/** An error of a metric says which SLO reads it so. */
function within(where: string, checkMetric: () => unknown): void {
  try {
    checkMetric();
  } catch (error) {
    if (!(error instanceof MetricsError)) throw error;
    throw metricsError(error.code, `In ${where}: ${error.message}`, { cause: error });
  }
}

function isMatch(value: unknown): value is Match {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { oneOf, noneOf, raw } = value as Readonly<Record<string, unknown>>;
  return typeof raw === 'string' || [oneOf, noneOf].some((list) => Array.isArray(list) && list.length > 0);
}
