/**
 * Checks that the bundle is complete: each metric has a panel, a rule or an alert; each alert has a runbook, two tests and a panel on
 * its dashboard.
 */
import { runbookSection } from './alerts/runbook-links.js';
import { dashboardUid } from './bundle-identity.js';
import { type Alert, isAlert, type PanelQuery, type RecordingRule, type RuleGroup } from './model.js';
import type { ReadExpression } from './promql/expression-checks.js';
import type { BundleSettings } from './settings.js';

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
  const records = rules.filter((rule): rule is RecordingRule => !isAlert(rule));
  const named = [
    ...queries.map(({ expression, dashboard, panel }) => ({
      kind: 'panels' as const,
      name: `${dashboardUid(settings, dashboard)}: ${panel}`,
      expression,
    })),
    ...rules.map((rule) =>
      isAlert(rule)
        ? { kind: 'alerts' as const, name: rule.name, expression: rule.expression }
        : { kind: 'records' as const, name: rule.record, expression: rule.expression },
    ),
  ].map(({ kind, name, expression }) => ({ kind, name, series: read(expression).series }));
  const metrics = settings.definitions.map(({ name: metric }): MetricCoverage => {
    const readers = named.filter(({ series }) => [...series].some((each) => isOf(each, metric)));
    const namesOf = (kind: (typeof named)[number]['kind']) =>
      distinct(readers.filter((reader) => reader.kind === kind).map(({ name }) => name));
    const isOwn = settings.ownDefinitions.some(({ name }) => name === metric);
    return {
      metric,
      isOwn,
      panels: namesOf('panels'),
      records: namesOf('records'),
      alerts: namesOf('alerts'),
    };
  });
  const reached = seriesReached(records, read);
  const alerts = rules.filter(isAlert).map((alert) => alertCoverage(alert, queries, reached));
  const unread = metrics.filter(
    (each) => each.panels.length + each.records.length + each.alerts.length === 0,
  );
  return {
    metrics,
    alerts,
    gaps: [
      ...unread.map(({ metric }) => `Metric \`${metric}\` has no panel, no rule and no alert.`),
      ...alerts.flatMap(alertGaps),
    ],
  };
}

function alertGaps({ alert, runbook, hasTests, panels, readsNothing }: AlertCoverage): string[] {
  return [
    ...(runbook === undefined ? [`Alert \`${alert}\` has no runbook.`] : []),
    ...(hasTests
      ? []
      : [`Alert \`${alert}\` needs two tests: one in which it fires, one in which it stays quiet.`]),
    ...(panels.length > 0 || readsNothing
      ? []
      : [`Alert \`${alert}\` has no panel on its dashboard that shows what it reads.`]),
  ];
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
  const row = (...cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const listed = (names: readonly string[]): string =>
    names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  const complete =
    'Every metric has a panel, a rule or an alert. Every alert has a runbook, two tests and a panel on its dashboard.';
  return [
    '<!-- Generated by `tamma-metrics bundle`: change its options, not this file. -->',
    '# Coverage',
    '',
    ...(gaps.length === 0 ? [complete] : ['Missing:', '', ...gaps.map((gap) => `- ${gap}`)]),
    '',
    '## Metrics',
    '',
    row('metric', 'panels', 'rules', 'alerts'),
    '|---|---|---|---|',
    ...metrics.map(({ metric, isOwn, panels, records, alerts: readers }) =>
      row(`\`${metric}\`${isOwn ? ' (own)' : ''}`, listed(panels), listed(records), listed(readers)),
    ),
    '',
    '## Alerts',
    '',
    row('alert', 'runbook', 'tests', 'panels on its dashboard'),
    '|---|---|---|---|',
    ...alerts.map(({ alert, runbook, hasTests, panels, readsNothing }) =>
      row(
        alert,
        runbook === undefined ? 'none' : `[${alert}](runbooks/${runbook})`,
        hasTests ? 'fires, quiet' : 'none',
        readsNothing ? 'none: it reads no metric' : listed(panels),
      ),
    ),
    '',
  ].join('\n');
}
