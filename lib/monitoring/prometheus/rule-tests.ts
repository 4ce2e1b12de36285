/**
 * Unit tests of the rules, as `promtool test rules` runs them: each alert fires on its crafted series, and stays quiet on its
 * healthy one. Which alerts fire is read from `ALERTS`, whose labels must be those expected, all of them; promtool's own
 * `exp_alerts` would want every annotation spelt out a second time.
 */

import {
  type Alert,
  type AlertCase,
  type BundleFile,
  isAlert,
  type RecordingRule,
  type RuleGroup,
} from '../model.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { alertLabels, fileNames } from './rule-files.js';

/** `prometheus/tests/*.test.yml`, one a rule file that has alerts. */
export function ruleTestFiles(groups: readonly RuleGroup[], settings: BundleSettings): BundleFile[] {
  return fileNames(groups).flatMap((file) => {
    const alerts = rulesOf(groups, file).filter(isAlert);
    if (alerts.length === 0) return [];
    // Cases are written for the usual windows: where those are shortened, the series go by as much faster. The user's own
    // windows are as the user has written them.
    const speedUp = file === 'alerts-own' ? 1 : settings.intervals.speedUp;
    const files = filesRead(file, groups);
    const cases = alerts.flatMap((alert) => [
      { alert, one: alert.tests.fires, what: 'fires' as const },
      // The Watchdog is never quiet: it fires where there is nothing, too.
      {
        alert,
        one: alert.tests.quiet,
        what: alert.severity === 'none' ? ('fires on nothing' as const) : ('stays quiet' as const),
      },
    ]);
    // promtool has one interval a file.
    const secondsOf = ({ one }: (typeof cases)[number]): number => one.evaluationSeconds ?? usualSeconds;
    return [...new Set(cases.map(secondsOf))].map((seconds) =>
      yamlFile(
        `prometheus/tests/${file}${seconds === usualSeconds ? '' : `-${duration(seconds)}`}.test.yml`,
        {
          rule_files: files.map((name) => `../rules/${name}.yml`),
          evaluation_interval: duration(seconds / speedUp),
          group_eval_order: groups.filter((group) => files.includes(group.file)).map(({ name }) => name),
          tests: cases
            .filter((each) => secondsOf(each) === seconds)
            .map(({ alert, one, what }) => testOf(alert, one, what, speedUp, settings)),
        },
      ),
    );
  });
}

/** Seconds between two evaluations of most cases. */
const usualSeconds = 60;

/** A rule file, and those whose records its rules read, in the order of the groups: others would only take time. */
function filesRead(file: string, groups: readonly RuleGroup[]): string[] {
  const wanted = new Set([file]);
  for (const name of wanted) {
    const expressions = rulesOf(groups, name).map(({ expression }) => expression);
    for (const other of fileNames(groups)) {
      const records = rulesOf(groups, other).flatMap((rule) => (isAlert(rule) ? [] : [rule.record]));
      if (records.some((record) => expressions.some((expression) => expression.includes(record))))
        wanted.add(other);
    }
  }
  return fileNames(groups).filter((name) => wanted.has(name));
}

function rulesOf(groups: readonly RuleGroup[], file: string): (Alert | RecordingRule)[] {
  return groups.filter((group) => group.file === file).flatMap(({ rules }) => rules);
}

function testOf(
  alert: Alert,
  { series, intervalSeconds = 60, atMinutes, labels = [{}] }: AlertCase,
  what: 'fires' | 'fires on nothing' | 'stays quiet',
  speedUp: number,
  settings: BundleSettings,
): object {
  const firing = { alertname: alert.name, alertstate: 'firing' };
  return {
    name: `${alert.name} ${what}`,
    interval: duration(intervalSeconds / speedUp),
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `ALERTS${labelsText(firing)}`,
        eval_time: duration((atMinutes * 60) / speedUp),
        exp_samples:
          what === 'stays quiet'
            ? []
            : labels.map((own) => ({
                labels: `ALERTS${labelsText({ ...firing, ...own, ...alertLabels(alert, settings) })}`,
                value: 1,
              })),
      },
    ],
  };
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}}`;
}
