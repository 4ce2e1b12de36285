import { runbookUrl } from '../alerts/runbook-links.js';
import { dashboardUid } from '../bundle-identity.js';
import { type Alert, type BundleFile, isAlert, type RecordingRule, type RuleGroup } from '../model.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';

/** `prometheus/rules/*.yml`: one file per `file` of the groups. */
export function ruleFiles(groups: readonly RuleGroup[], settings: BundleSettings): BundleFile[] {
  return fileNames(groups).map((file) =>
    yamlFile(`prometheus/rules/${file}.yml`, {
      groups: groups
        .filter((group) => group.file === file)
        .map(({ name, intervalSeconds, rules }) => ({
          name,
          ...(intervalSeconds === undefined ? {} : { interval: duration(intervalSeconds) }),
          rules: rules.map((rule) => (isAlert(rule) ? alertRule(rule, settings) : recordingRule(rule))),
        })),
    }),
  );
}

/** The files of the groups, in the order of the groups. */
export function fileNames(groups: readonly RuleGroup[]): string[] {
  return [...new Set(groups.map(({ file }) => file))];
}

/** Labels of an alert besides those of its series. */
export function alertLabels(alert: Alert, { job }: BundleSettings): Record<string, string> {
  return { ...alert.labels, severity: alert.severity, subject: alert.subject, service: job };
}

/** The link to the dashboard of an alert. */
export function dashboardUrl({ dashboard }: Alert, settings: BundleSettings): string {
  return `${settings.grafanaUrl.replace(/\/+$/, '')}/d/${dashboardUid(settings, dashboard)}`;
}

function alertRule(alert: Alert, settings: BundleSettings): object {
  return {
    alert: alert.name,
    expr: alert.expression,
    ...(alert.forSeconds > 0 ? { for: duration(alert.forSeconds) } : {}),
    labels: alertLabels(alert, settings),
    annotations: {
      summary: alert.summary,
      description: alert.description,
      runbook_url: runbookUrl(alert, settings.runbookUrl),
      dashboard_url: dashboardUrl(alert, settings),
    },
  };
}

function recordingRule({ record, expression, labels }: RecordingRule): object {
  return { record, expr: expression, ...(labels === undefined ? {} : { labels }) };
}
