/** Rows about alerts: which are pending or fire, and for each what it looks at. */

import { runbookUrl } from '../alerts/runbook-links.js';
import { type Alert, type DashboardName, isAlert, type RuleGroup } from '../model.js';
import { selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import type { Panel, Row } from './board.js';
import { table, timeSeries } from './panels.js';
import { variable } from './queries.js';

/** The alerts that lead to a dashboard; all of them are listed on the overview. */
export function alertRows(
  dashboard: DashboardName,
  groups: readonly RuleGroup[],
  settings: Pick<BundleSettings, 'runbookUrl'>,
): Row[] {
  const all = groups.flatMap(({ rules }) => rules.filter(isAlert));
  const alerts = all.filter((alert) => alert.dashboard === dashboard);
  if ((dashboard === 'overview' ? all : alerts).length === 0) return [];
  const names = alerts.map(({ name }) => name);
  const states = selector(alertStates, {
    service: variable('job'),
    ...(dashboard === 'overview' ? {} : { alertname: { oneOf: [...new Set(names)].sort() } }),
  });
  return [
    {
      title: 'Alerts',
      panels: [
        table({
          title: 'Alerts that are pending or fire',
          description:
            dashboard === 'overview'
              ? 'Every alert of the service that is pending or fires, with its labels. The Watchdog always fires: without it, alerts do not arrive.'
              : 'Alerts about what this dashboard shows that are pending or fire, with their labels. Empty is well.',
          unit: 'short',
          queries: [{ expression: states, legend: 'State' }],
        }),
      ],
    },
    ...(alerts.length === 0
      ? []
      : [
          {
            title: 'Behind the alerts',
            collapsed: true,
            panels: [...new Set(names)].flatMap((name) =>
              behind(
                alerts.filter((alert) => alert.name === name),
                settings,
              ),
            ),
          },
        ]),
  ];
}

/**
 * The first query of the runbook, over time: where it was before the alert fired. Alerts of one name, of several objectives for
 * instance, share a panel.
 */
function behind(alerts: readonly Alert[], settings: Pick<BundleSettings, 'runbookUrl'>): Panel[] {
  const [first] = alerts;
  if (first === undefined) return [];
  const { name, runbook } = first;
  const url = runbookUrl(first, settings.runbookUrl);
  const severities = [...new Set(alerts.map(({ severity }) => severity))].join(', ');
  return [
    timeSeries({
      title: name,
      description: `${runbook.meaning} Severity: ${severities}. Runbook: ${url}`,
      unit: 'short',
      queries: [...new Set(alerts.map(({ runbook: { query } }) => query))].map((expression) => ({
        expression,
        legend: '',
      })),
      link: isAddress(url) ? { title: 'Runbook', url } : undefined,
    }),
  ];
}

/** Whether a browser can follow it from Grafana; a path within the bundle it cannot. */
export function isAddress(url: string): boolean {
  return /^https?:\/\//.test(url);
}
