/**
 * Checks that the bundle is complete: each metric has a panel, a rule or an alert; each alert has a runbook, two tests and a panel on
 * its dashboard.
 */
import { runbookSection } from './alerts/runbook-links.js';
import { dashboardUid } from './bundle-identity.js';
import { type Alert, isAlert, type PanelQuery, type RecordingRule, type RuleGroup } from './model.js';
import type { ReadExpression } from './promql/expression-checks.js';
import type { BundleSettings } from './settings.js';
import { filledText } from './text-template.js';

export interface MetricCoverage {
  readonly metric: string;
  readonly isOwn: boolean;
  /** `dashboard: panel`. */
  readonly panels: readonly string[];
  readonly records: readonly string[];
  readonly alerts: readonly string[];
}

export interface AlertCoverage {
  readonly alert: string;
  /** File and heading. */
  readonly runbook: string | undefined;
  readonly hasTests: boolean;
  /** Panels of its dashboard that show a metric that it reads. */
  readonly panels: readonly string[];
  /** It reads no metric, like the Watchdog, and so needs no panel. */
  readonly readsNothing: boolean;
}

export interface Coverage {
  readonly metrics: readonly MetricCoverage[];
  readonly alerts: readonly AlertCoverage[];
  /** What is missing, in sentences. */
  readonly gaps: readonly string[];
}

type Reach = (expression: string) => ReadonlySet<string>;

export function coverageOf(
  settings: Pick<BundleSettings, 'definitions' | 'ownDefinitions' | 'prefix'>,
  groups: readonly RuleGroup[],
  queries: readonly PanelQuery[],
  read: ReadExpression,
): Coverage {
  const rules = groups.flatMap((group) => group.rules);
  const alertRules = rules.filter(isAlert);
  const records = rules.filter((rule): rule is RecordingRule => !isAlert(rule));
  /** The names of those whose expressions read a metric. */
  const readersOf = <T extends { readonly expression: string }>(
    readers: readonly T[],
    nameOf: (reader: T) => string,
  ): ((metric: string) => string[]) => {
    const series = readers.map((reader) => [nameOf(reader), read(reader.expression).series] as const);
    return (metric) =>
      distinct(series.filter(([, names]) => names.some((name) => isOf(name, metric))).map(([name]) => name));
  };
  const panelsOf = readersOf(
    queries,
    (query) => `${dashboardUid(settings, query.dashboard)}: ${query.panel}`,
  );
  const recordsOf = readersOf(records, ({ record }) => record);
  const alertsOf = readersOf(alertRules, ({ name }) => name);
  const metrics = settings.definitions.map(({ name: metric }) => ({
    metric,
    isOwn: settings.ownDefinitions.some(({ name }) => name === metric),
    panels: panelsOf(metric),
    records: recordsOf(metric),
    alerts: alertsOf(metric),
  }));
  const reached = seriesReached(records, read);
  const alerts = alertRules.map((alert) => alertCoverage(alert, queries, reached));
  const unread = metrics.filter((each) => [each.panels, each.records, each.alerts].flat().length === 0);
  const gaps = [
    ...unread.map(({ metric }) => `Metric \`${metric}\` has no panel, no rule and no alert.`),
    ...alerts.flatMap(alertGaps),
  ];
  return { metrics, alerts, gaps };
}

function alertGaps({ alert, runbook, hasTests, panels, readsNothing }: AlertCoverage): string[] {
  const gaps: readonly (readonly [isGap: boolean, gap: string])[] = [
    [runbook === undefined, 'has no runbook.'],
    [!hasTests, 'needs two tests: one in which it fires, one in which it stays quiet.'],
    [panels.length === 0 && !readsNothing, 'has no panel on its dashboard that shows what it reads.'],
  ];
  return gaps.flatMap(([isGap, gap]) => (isGap ? `Alert \`${alert}\` ${gap}` : []));
}

/** The series that an expression reads, directly and through recording rules, cached by expression. */
function seriesReached(records: readonly RecordingRule[], read: ReadExpression): Reach {
  const byExpression = new Map<string, Set<string>>();
  return (expression) => {
    const cached = byExpression.get(expression);
    if (cached !== undefined) return cached;
    const found = new Set(read(expression).series);
    // A Set also visits what is added while it is iterated.
    for (const series of found)
      for (const { record, expression: recorded } of records)
        if (record === series) for (const each of read(recorded).series) found.add(each);
    byExpression.set(expression, found);
    return found;
  };
}

function alertCoverage(alert: Alert, queries: readonly PanelQuery[], reached: Reach): AlertCoverage {
  const watched = reached(alert.expression);
  const shows = ({ dashboard, expression }: PanelQuery): boolean =>
    dashboard === alert.dashboard &&
    [...reached(expression)].some((shown) => watched.has(shown) || watched.has(sibling(shown)));
  const { fires, quiet } = alert.tests ?? {};
  return {
    alert: alert.name,
    runbook: alert.runbook === undefined ? undefined : runbookSection(alert),
    hasTests: fires !== undefined && quiet !== undefined,
    panels: distinct(queries.filter(shows).map(({ panel }) => panel)),
    readsNothing: watched.size === 0,
  };
}

/** The buckets of a histogram and its count describe the same events. */
function sibling(series: string): string {
  return series.replace(/_(bucket|count)$/, (suffix) => (suffix === '_bucket' ? '_count' : '_bucket'));
}

function isOf(series: string, metric: string): boolean {
  return series.startsWith(metric) && /^(_bucket|_sum|_count)?$/.test(series.slice(metric.length));
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/** `COVERAGE.md`. */
export function coverageText({ metrics, alerts, gaps }: Coverage): string {
  const listed = (names: readonly string[]): string =>
    names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  const table = (rows: readonly (readonly string[])[]): string =>
    rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
  return filledText('texts/coverage.md', {
    summary:
      gaps.length === 0
        ? 'Every metric has a panel, a rule or an alert. Every alert has a runbook, two tests and a panel on its dashboard.'
        : `Missing:\n\n${gaps.map((gap) => `- ${gap}`).join('\n')}`,
    metrics: table(
      metrics.map(({ metric, isOwn, panels, records, alerts: readers }) => [
        `\`${metric}\`${isOwn ? ' (own)' : ''}`,
        ...[panels, records, readers].map(listed),
      ]),
    ),
    alerts: table(
      alerts.map(({ alert, runbook, hasTests, panels, readsNothing }) => [
        alert,
        runbook === undefined ? 'none' : `[${alert}](runbooks/${runbook})`,
        hasTests ? 'fires, quiet' : 'none',
        readsNothing ? 'none: it reads no metric' : listed(panels),
      ]),
    ),
  });
}
