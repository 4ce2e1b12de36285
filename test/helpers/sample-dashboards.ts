/** Dashboards generated from sample alerts and objectives. */
import { grafanaFiles } from '../../lib/monitoring/dashboards/grafana-files.js';
import type { Alert, DashboardName, RuleGroup } from '../../lib/monitoring/model.js';
import { recordingGroups } from '../../lib/monitoring/prometheus/recording-rules.js';
import { type BundleOptions, bundleSettings } from '../../lib/monitoring/settings.js';
import { boardsIn, type DashboardJson } from './dashboard-json.js';

const names = [
  'overview',
  'workflows',
  'ai',
  'delivery',
  'slo',
  'pipeline',
] as const satisfies readonly DashboardName[];
export const uids = names.map((name) => `tamma-${name}`);

/** An alert that always fires, one per dashboard. */
export const alertOf = (dashboard: DashboardName): Alert => ({
  name: `Sample${dashboard}`,
  subject: 'own',
  severity: 'ticket',
  expression: 'vector(1)',
  forSeconds: 0,
  summary: 'A sample.',
  description: 'A sample.',
  dashboard,
  runbook: {
    meaning: 'Nothing is wrong.',
    query: 'max(up{job="tamma"})',
    causes: ['A test.'],
    actions: ['None.'],
  },
  tests: { fires: { series: {}, atMinutes: 1 }, quiet: { series: {}, atMinutes: 1 } },
});

/** Records like those of an objective. */
export const objectiveGroup: RuleGroup = {
  name: 'sample-slo',
  file: 'slo',
  rules: [
    ['slo:objective:ratio', 0.99],
    ['slo:error_budget_remaining:ratio', 0.4],
    ...['5m', '30m', '1h', '6h', '1d', '3d'].map(
      (window) => [`slo:sli_error:ratio_rate${window}`, 0.02] as const,
    ),
  ].map(([record, value]) => ({
    record: String(record),
    expression: `vector(${value})`,
    labels: { job: 'tamma', slo: 'sample' },
  })),
};

export async function dashboards(
  options: BundleOptions = {},
  extra: readonly RuleGroup[] = [objectiveGroup],
) {
  const settings = bundleSettings(options);
  const alerts: RuleGroup = { name: 'sample-alerts', file: 'alerts-own', rules: names.map(alertOf) };
  const groups = [...recordingGroups(settings), alerts, ...extra];
  const { files, queries } = await grafanaFiles(settings, groups);
  return { settings, groups, files, queries, boards: boardsIn(files) };
}

/** With default settings. */
export const standard = dashboards();

/** Without the prefix of the service. */
export function nameOf({ uid }: Pick<DashboardJson, 'uid'>): DashboardName {
  return uid.replace(/^tamma-/, '') as DashboardName;
}
