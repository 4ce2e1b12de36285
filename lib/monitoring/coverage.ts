/**
 * Whether the bundle looks at everything: each metric has a panel, a rule or an alert; each alert a runbook, tests that it fires
 * and stays quiet, and a panel of its dashboard.
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
  /** Panels of its dashboard that show a metric it reads. */
  readonly panels: readonly string[];
  /** It reads none, as a Watchdog: there is nothing to show. */
  readonly readsNothing: boolean;
}

export interface Coverage {
  readonly metrics: readonly MetricCoverage[];
  readonly alerts: readonly AlertCoverage[];
  /** What is missing, in sentences. */
  readonly gaps: readonly string[];
}

interface Rules {
  readonly alerts: readonly Alert[];
  readonly records: readonly RecordingRule[];
}

export function coverageOf(
  settings: Pick<BundleSettings, 'definitions' | 'ownDefinitions' | 'prefix'>,
  groups: readonly RuleGroup[],
  queries: readonly PanelQuery[],
  read: ReadExpression,
): Coverage {
  const all = groups.flatMap(({ rules }) => rules);
  const rules = {
    alerts: all.filter(isAlert),
    records: all.filter((rule): rule is RecordingRule => !isAlert(rule)),
  };
  const metrics = settings.definitions.map(({ name }) => ({
    ...metricCoverage(name, rules, queries, read, settings),
    isOwn: settings.ownDefinitions.some((own) => own.name === name),
  }));
  const reached = seriesReached(rules.records, read);
  const alerts = rules.alerts.map((alert) => alertCoverage(alert, queries, reached));
  return {
    metrics,
    alerts,
    gaps: [
      ...metrics
        .filter(
          ({ panels, records, alerts: watching }) => panels.length + records.length + watching.length === 0,
        )
        .map(({ metric }) => `Metric \`${metric}\` has no panel, no rule and no alert.`),
      ...alerts.flatMap(alertGaps),
    ],
  };
}

function alertGaps({ alert, runbook, hasTests, panels, readsNothing }: AlertCoverage): string[] {
  return [
    ...(runbook === undefined ? [`Alert \`${alert}\` has no runbook.`] : []),
    ...(hasTests ? [] : [`Alert \`${alert}\` has no test that it fires and one that it stays quiet.`]),
    ...(panels.length > 0 || readsNothing
      ? []
      : [`Alert \`${alert}\` has no panel on its dashboard that shows what it reads.`]),
  ];
}

function metricCoverage(
  metric: string,
  { alerts, records }: Rules,
  queries: readonly PanelQuery[],
  read: ReadExpression,
  identity: Pick<BundleSettings, 'prefix'>,
): Omit<MetricCoverage, 'isOwn'> {
  const reads = ({ expression }: { readonly expression: string }): boolean =>
    read(expression).series.some((series) => isOf(series, metric));
  return {
    metric,
    panels: distinct(
      queries.filter(reads).map(({ dashboard, panel }) => `${dashboardUid(identity, dashboard)}: ${panel}`),
    ),
    records: distinct(records.filter(reads).map(({ record }) => record)),
    alerts: distinct(alerts.filter(reads).map(({ name }) => name)),
  };
}

/** The series that an expression reads, itself and through the records that it reads; each is followed once. */
function seriesReached(
  records: readonly RecordingRule[],
  read: ReadExpression,
): (expression: string) => ReadonlySet<string> {
  const byExpression = new Map<string, Set<string>>();
  return (expression) => {
    const known = byExpression.get(expression);
    if (known !== undefined) return known;
    const found = new Set<string>();
    const visit = (series: string): void => {
      if (found.has(series)) return;
      found.add(series);
      for (const { record, expression: recorded } of records)
        if (record === series) for (const below of read(recorded).series) visit(below);
    };
    for (const series of read(expression).series) visit(series);
    byExpression.set(expression, found);
    return found;
  };
}

function alertCoverage(
  alert: Alert,
  queries: readonly PanelQuery[],
  reached: (expression: string) => ReadonlySet<string>,
): AlertCoverage {
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

/** A histogram's buckets and its count tell of one thing. */
function sibling(series: string): string {
  return series.endsWith('_bucket')
    ? series.replace(/_bucket$/, '_count')
    : series.replace(/_count$/, '_bucket');
}

function isOf(series: string, metric: string): boolean {
  return (
    series === metric ||
    (series.startsWith(metric) && /^_(bucket|sum|count)$/.test(series.slice(metric.length)))
  );
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

/** `COVERAGE.md`. */
export function coverageText({ metrics, alerts, gaps }: Coverage): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const listed = (names: readonly string[]): string =>
    names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  return [
    '<!-- Generated by `tamma-metrics bundle`: options change it, not edits. -->',
    '# What the bundle looks at',
    '',
    ...(gaps.length === 0
      ? [
          'Every metric has a panel, a rule or an alert; every alert a runbook, two tests and a panel of its dashboard.',
        ]
      : ['Missing:', '', ...gaps.map((gap) => `- ${gap}`)]),
    '',
    '## Metrics',
    '',
    row(['metric', 'panels', 'rules', 'alerts']),
    '|---|---|---|---|',
    ...metrics.map(({ metric, isOwn, panels, records, alerts: watching }) =>
      row([`\`${metric}\`${isOwn ? ' (own)' : ''}`, listed(panels), listed(records), listed(watching)]),
    ),
    '',
    '## Alerts',
    '',
    row(['alert', 'runbook', 'tests', 'panels of its dashboard']),
    '|---|---|---|---|',
    ...alerts.map(({ alert, runbook, hasTests, panels, readsNothing }) =>
      row([
        alert,
        runbook === undefined ? 'none' : `[${alert}](runbooks/${runbook})`,
        hasTests ? 'fires, quiet' : 'none',
        readsNothing ? 'none: it reads no metric' : listed(panels),
      ]),
    ),
    '',
  ].join('\n');
}
