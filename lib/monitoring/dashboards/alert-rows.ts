/** Rows about alerts: which are pending or firing, and what each of them reads. */
import { runbookUrl } from '../alerts/runbook-links.js';
import { isHttpUrl } from '../checks.js';
import { type Alert, type DashboardName, isAlert, type RuleGroup } from '../model.js';
import { variable } from '../promql/builder.js';
import { selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import { lines, type Panel, type Row, table } from './panels.js';

/** The alerts that lead to a dashboard; the overview lists all of them. */
export function alertRows(
  dashboard: DashboardName,
  groups: readonly RuleGroup[],
  settings: Pick<BundleSettings, 'runbookUrl'>,
): Row[] {
  const all = groups.flatMap(({ rules }) => rules.filter(isAlert));
  const alerts = all.filter((alert) => alert.dashboard === dashboard);
  const isOverview = dashboard === 'overview';
  if ((isOverview ? all : alerts).length === 0) return [];
  const names = [...new Set(alerts.map(({ name }) => name))];
  const states = selector(alertStates, {
    service: variable('job'),
    ...(!isOverview && { alertname: { oneOf: names.toSorted() } }),
  });
  const description = isOverview
    ? 'All alerts of the job with their labels. The Watchdog always fires: if it is missing, alerts do not arrive.'
    : 'Alerts about the subject of this dashboard with their labels. Empty means healthy.';
  const title = 'Pending and firing alerts';
  const list = {
    title: 'Alerts',
    panels: [{ title, description, ...table(lines('short', { State: states })) }],
  };
  if (names.length === 0) return [list];
  const behind = names.flatMap((name) => {
    const named = alerts.filter((alert) => alert.name === name);
    return panelsOf(named, settings);
  });
  return [list, { title: 'Queries of the alerts', collapsed: true, panels: behind }];
}

/**
 * The first query of the runbook over time, which shows its course before the alert fired. Alerts of the same name, for instance of
 * several objectives, share a panel.
 */
function panelsOf(alerts: readonly Alert[], settings: Pick<BundleSettings, 'runbookUrl'>): Panel[] {
  const [first] = alerts;
  if (first === undefined) return [];
  const { name: title, runbook } = first;
  const url = runbookUrl(first, settings.runbookUrl);
  const severities = [...new Set(alerts.map(({ severity }) => severity))].join(', ');
  const expressions = [...new Set(alerts.map(({ runbook: { query } }) => query))];
  return [
    {
      ...lines('short', {}),
      title,
      description: `${runbook.meaning} Severity: ${severities}. Runbook: ${url}`,
      queries: expressions.map((expression) => ({ expression, legend: '' })),
      min: undefined,
      // A path within the bundle is no link in Grafana.
      ...(isHttpUrl(url) && { link: { title: 'Runbook', url } }),
    },
  ];
}
