/** A user's metric with an alert on it, and the files of a bundle that contain alerts. */
import { defineCounter } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { alertGroups } from '../../lib/monitoring/alerts/alert-groups.js';
import { type Alert, isAlert, type RuleGroup } from '../../lib/monitoring/model.js';
import { recordingGroups } from '../../lib/monitoring/prometheus/recording-rules.js';
import { ruleFiles } from '../../lib/monitoring/prometheus/rule-files.js';
import { ruleTestFiles } from '../../lib/monitoring/prometheus/rule-tests.js';
import { selector } from '../../lib/monitoring/promql/expression.js';
import { type BundleOptions, type BundleSettings, bundleSettings } from '../../lib/monitoring/settings.js';

/** The options that the user adds: a metric, and an alert on it. */
export const jobsLost = defineCounter({
  name: 'jobs_lost_total',
  help: 'Jobs that were never finished.',
  labels: { kind: label() },
});
export const ownAlert: Alert = {
  name: 'JobsLost',
  subject: 'own',
  severity: 'ticket',
  expression: `sum by (kind) (increase(${selector(jobsLost, { job: 'tamma' })}[10m])) > 3`,
  forSeconds: 60,
  labels: { team: 'delivery' },
  summary: 'Jobs of kind {{ $labels.kind }} are lost',
  description: '{{ $value | humanize }} jobs of kind {{ $labels.kind }} were lost within ten minutes.',
  dashboard: 'overview',
  runbook: {
    meaning: 'Jobs are taken and never finished.',
    query: 'sum by (kind) (increase(jobs_lost_total[1h]))',
    causes: ['The worker ends in the middle.'],
    actions: ['Start it anew.'],
  },
  tests: {
    fires: {
      series: { 'jobs_lost_total{job="tamma",kind="mail"}': '0+1x20' },
      atMinutes: 15,
      labels: [{ kind: 'mail' }],
    },
    quiet: { series: { 'jobs_lost_total{job="tamma",kind="mail"}': '9+0x20' }, atMinutes: 15 },
  },
};

export function groupsOf(options: BundleOptions = {}): { groups: RuleGroup[]; settings: BundleSettings } {
  const settings = bundleSettings(options);
  return { groups: [...recordingGroups(settings), ...alertGroups(settings)], settings };
}

export function alertsOf(options: BundleOptions = {}): Alert[] {
  return groupsOf(options).groups.flatMap(({ rules }) => rules.filter(isAlert));
}

export function filesOf(options: BundleOptions = {}, change: (alert: Alert) => Alert = (alert) => alert) {
  const { groups, settings } = groupsOf(options);
  const changed = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (isAlert(rule) ? change(rule) : rule)),
  }));
  return { rules: ruleFiles(changed, settings), tests: ruleTestFiles(changed, settings) };
}
