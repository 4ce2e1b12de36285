/** What an SLO is refused for, and its defaults. */
import type { HistogramDefinition, MetricDefinition } from '../../definition.js';
import { MetricsError, metricsError, nearest } from '../../errors.js';
import { checkFactoryOptions } from '../../option-checks.js';
import type { OptionNames } from '../../option-names.js';
import type { Severity, Subject } from '../model.js';
import { bucketMatch, checkLabel, type Match, type Matches, monitoringError } from '../promql/expression.js';
import { type BurnFactor, budgetOf, burnFactors, checkLegs } from './burn-rates.js';
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
} satisfies OptionNames<Unchecked>;
const eventNames = { good: true, bad: true, total: true } as const;
const latencyNames = { metric: true, thresholdSeconds: true, matches: true } as const;
const eventTypes: readonly string[] = ['counter', 'histogram', 'summary'];
const absences: readonly string[] = ['always', 'never'];

/** Labels that an alert has of its own; a series cannot bring them. */
const takenLabels: readonly string[] = [
  'slo',
  'alertname',
  'severity',
  'subject',
  'service',
  'job',
  'instance',
];

const severities: readonly string[] = ['page', 'ticket', 'info', 'none'] satisfies Severity[];
const subjects: readonly string[] = [
  'targets',
  'workflow',
  'provider',
  'platform',
  'http',
  'process',
  'pipeline',
  'slo',
  'own',
] satisfies Subject[];

const defaultSeverities: SloSeverities = { page: 'page', ticket: 'ticket', absent: 'ticket' };

/** The options before they are checked: the types say more, and JavaScript less. */
interface Unchecked {
  readonly name?: unknown;
  readonly objective?: unknown;
  readonly description?: unknown;
  readonly events?: unknown;
  readonly latency?: unknown;
  readonly by?: unknown;
  readonly windowDays?: unknown;
  readonly minimumEvents?: unknown;
  readonly severity?: unknown;
  readonly subject?: unknown;
  readonly legs?: unknown;
  readonly absence?: unknown;
}

const checkedOnes = new WeakSet<object>();

/**
 * The SLO of some options; a checked one comes out as it was.
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_INVALID_MONITORING
 */
export function checkedSlo(options: Unchecked): Slo {
  if (isChecked(options)) return options;
  checkFactoryOptions('defineSlo', options, optionNames);
  const { name } = options;
  // A part begins with a letter, so that no two names become one in CamelCase.
  if (typeof name !== 'string' || !/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name))
    throw monitoringError('name of an SLO', 'kebab-case such as `issue-success`', name);
  const { objective, description = '', windowDays = 30 } = options;
  const refuse = (what: string, expected: string, received: unknown, hint = ''): Error =>
    monitoringError(`${what} of SLO \`${name}\``, expected, received, hint);
  if (typeof objective !== 'number' || !(objective > 0 && objective < 1)) {
    throw refuse(
      'objective',
      'a share above 0 and below 1, 0.99 for 99 %',
      objective,
      objective === 1 ? 'Of 100 % there is no error budget, and every bad event would page.' : '',
    );
  }
  if (typeof description !== 'string') throw refuse('`description`', 'text', description);
  if (typeof windowDays !== 'number' || !Number.isInteger(windowDays) || windowDays < 7)
    throw refuse('`windowDays`', 'a whole number of days, 7 or more', windowDays);
  const minimumEvents = options.minimumEvents ?? defaultMinimum(objective);
  if (typeof minimumEvents !== 'number' || !(minimumEvents >= 1 && Number.isFinite(minimumEvents)))
    throw refuse('`minimumEvents`', 'a number of 1 or more', minimumEvents);
  const { subject = 'slo', absence = 'never', legs = burnFactors } = options;
  if (!isOneOf<Subject>(subject, subjects))
    throw refuse('`subject`', `one of ${subjects.join(', ')}`, subject);
  if (!isOneOf<Slo['absence']>(absence, absences)) throw refuse('`absence`', '"always" or "never"', absence);
  if (!isListOf<BurnFactor>(legs, burnFactors) || legs.length === 0)
    throw refuse('`legs`', `some of ${burnFactors.join(', ')}`, legs);
  checkLegs(name, objective, legs);
  const { events, latency } = indicator(name, options);
  const slo: Slo = Object.freeze({
    name,
    objective,
    description,
    events,
    latency,
    by: checkedBy(name, options.by, metricsOf({ events, latency })),
    windowDays,
    minimumEvents,
    severity: checkedSeverities(name, options.severity),
    subject,
    legs: Object.freeze(burnFactors.filter((factor) => legs.includes(factor))),
    absence,
  });
  checkedOnes.add(slo);
  return slo;
}

function isChecked(options: object): options is Slo {
  return checkedOnes.has(options);
}

/** The metrics that an SLO reads. */
export function metricsOf({ events, latency }: Pick<Slo, 'events' | 'latency'>): MetricDefinition[] {
  if (latency !== undefined) return [latency.metric];
  return [events?.good, events?.bad, events?.total].flatMap((part) => part?.metric ?? []);
}

/** One bad event among so many is still below the fastest leg. */
function defaultMinimum(objective: number): number {
  return Math.max(20, Math.ceil(1 / (14.4 * budgetOf(objective)) - 1e-9));
}

function indicator(slo: string, { events, latency }: Unchecked): Pick<Slo, 'events' | 'latency'> {
  if ((events === undefined) === (latency === undefined))
    throw monitoringError(`indicator of SLO \`${slo}\``, '`events` or `latency`, one of them', undefined);
  if (latency !== undefined) return { events: undefined, latency: checkedLatency(slo, latency) };
  const where = `\`events\` of SLO \`${slo}\``;
  checkFactoryOptions(where, events as Record<keyof typeof eventNames, unknown>, eventNames);
  const given = Object.entries(events as Readonly<Record<string, unknown>>).filter(
    ([, part]) => part !== undefined,
  );
  if (given.length !== 2) {
    throw monitoringError(
      where,
      'two of `good`, `bad` and `total`',
      given.map(([part]) => part),
    );
  }
  return {
    events: Object.freeze(
      Object.fromEntries(given.map(([part, value]) => [part, checkedEvents(slo, part, value)])),
    ),
    latency: undefined,
  };
}

function checkedEvents(slo: string, part: string, events: unknown): CheckedEvents {
  const where = `\`${part}\` of SLO \`${slo}\``;
  checkFactoryOptions(where, events as { metric?: unknown; matches?: unknown }, {
    metric: true,
    matches: true,
  });
  const { metric, matches = {} } = events as { metric?: EventMetric; matches?: Matches };
  if (!isDefinition(metric) || !eventTypes.includes(metric.type)) {
    throw monitoringError(
      `metric of ${where}`,
      'a counter, or a histogram or summary whose count is read',
      isDefinition(metric)
        ? `${(metric as MetricDefinition).type} ${(metric as MetricDefinition).name}`
        : metric,
    );
  }
  return Object.freeze({ metric, matches: checkedMatches(where, metric, matches) });
}

function checkedLatency(slo: string, latency: unknown): Slo['latency'] {
  const where = `\`latency\` of SLO \`${slo}\``;
  checkFactoryOptions(where, latency as Record<keyof typeof latencyNames, unknown>, latencyNames);
  const {
    metric,
    thresholdSeconds,
    matches = {},
  } = latency as { metric?: HistogramDefinition; thresholdSeconds?: number; matches?: Matches };
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
  if (typeof matches !== 'object' || matches === null)
    throw monitoringError(`\`matches\` of ${where}`, 'an object of labels', matches);
  for (const [label, match] of Object.entries(matches as Matches)) {
    if (!isMatch(match)) {
      throw monitoringError(
        `\`matches.${label}\` of ${where}`,
        'a value, `{ oneOf }`, `{ noneOf }` or `{ raw }`',
        match,
      );
    }
    within(where, () => checkLabel(metric, label, match));
  }
  return Object.freeze({ ...matches });
}

function checkedBy(slo: string, by: unknown, metrics: readonly MetricDefinition[]): readonly string[] {
  if (by === undefined) return Object.freeze([]);
  if (!Array.isArray(by)) throw monitoringError(`\`by\` of SLO \`${slo}\``, 'an array of labels', by);
  for (const label of by) {
    if (takenLabels.includes(label)) {
      throw monitoringError(
        `\`by\` of SLO \`${slo}\``,
        `none of ${takenLabels.join(', ')}, which are the alert's own`,
        label,
        'Define an SLO for each value, with `matches`.',
      );
    }
    for (const metric of metrics) within(`\`by\` of SLO \`${slo}\``, () => checkLabel(metric, label));
  }
  return Object.freeze([...by]);
}

function checkedSeverities(slo: string, own: unknown = {}): SloSeverities {
  checkFactoryOptions(`\`severity\` of SLO \`${slo}\``, own as Partial<SloSeverities>, {
    page: true,
    ticket: true,
    absent: true,
  });
  for (const [alert, severity] of Object.entries(own as object)) {
    if (isOneOf<Severity>(severity, severities)) continue;
    const meant = nearest(String(severity), severities);
    throw monitoringError(
      `\`severity.${alert}\` of SLO \`${slo}\``,
      `one of ${severities.join(', ')}`,
      severity,
      meant === undefined ? '' : `Did you mean \`${meant}\`?`,
    );
  }
  return Object.freeze({ ...defaultSeverities, ...(own as Partial<SloSeverities>) });
}

/** An error of a metric says which SLO reads it so. */
function within(where: string, check: () => unknown): void {
  try {
    check();
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

function isDefinition(value: unknown): value is MetricDefinition {
  return typeof value === 'object' && value !== null && 'type' in value && 'labels' in value;
}

function isOneOf<T>(value: unknown, known: readonly unknown[]): value is T {
  return known.includes(value);
}

function isListOf<T>(value: unknown, known: readonly unknown[]): value is readonly T[] {
  return Array.isArray(value) && value.every((item) => known.includes(item));
}
