/**
 * Unit tests of the rules, for `promtool test rules`: each alert fires in one test and stays quiet in another. The tests query `ALERTS`
 * and compare all its labels; promtool's own `exp_alerts` would also compare every annotation.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
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

interface RuleTest {
  readonly alert: Alert;
  readonly input: AlertCase;
  readonly outcome: 'fires' | 'fires on nothing' | 'stays quiet';
}

const defaultEvaluationSeconds = 60;

/** `prometheus/tests/*.test.yml`: one file per rule file with alerts, and per evaluation interval, of which promtool takes one per file. */
export function ruleTestFiles(groups: readonly RuleGroup[], settings: BundleSettings): BundleFile[] {
  return fileNames(groups).flatMap((file) => {
    const tests = rulesOf(groups, file).filter(isAlert).flatMap(testsOf);
    // The tests are written for the default windows. Shorter windows need faster series, except for the user's own alerts, whose windows
    // are not shortened.
    const speedUp = file === 'alerts-own' ? 1 : settings.intervals.speedUp;
    const files = filesRead(file, groups);
    const secondsOf = ({ input }: RuleTest): number => input.evaluationSeconds ?? defaultEvaluationSeconds;
    return [...new Set(tests.map(secondsOf))].map((seconds) =>
      yamlFile(
        `prometheus/tests/${file}${seconds === defaultEvaluationSeconds ? '' : `-${duration(seconds)}`}.test.yml`,
        {
          rule_files: files.map((name) => `../rules/${name}.yml`),
          evaluation_interval: duration(seconds / speedUp),
          group_eval_order: groups.filter((group) => files.includes(group.file)).map(({ name }) => name),
          tests: tests
            .filter((each) => secondsOf(each) === seconds)
            .map((each) => testEntry(each, speedUp, settings)),
        },
      ),
    );
  });
}

function testsOf(alert: Alert): RuleTest[] {
  const { fires, quiet } = alert.tests;
  return [
    { alert, input: fires, outcome: 'fires' },
    // The Watchdog is never quiet.
    { alert, input: quiet, outcome: alert.severity === 'none' ? 'fires on nothing' : 'stays quiet' },
  ];
}

/** A rule file and the files whose records its rules read, in the order of the groups: loading others would only take time. */
function filesRead(file: string, groups: readonly RuleGroup[]): string[] {
  const read = new Set([file]);
  for (const name of read) {
    const expressions = rulesOf(groups, name).map(({ expression }) => expression);
    for (const { file: candidate, rules } of groups)
      for (const rule of rules)
        if (!isAlert(rule) && expressions.some((expression) => expression.includes(rule.record)))
          read.add(candidate);
  }
  return fileNames(groups).filter((name) => read.has(name));
}

function rulesOf(groups: readonly RuleGroup[], file: string): (Alert | RecordingRule)[] {
  return groups.filter((group) => group.file === file).flatMap(({ rules }) => rules);
}

function testEntry({ alert, input, outcome }: RuleTest, speedUp: number, settings: BundleSettings): object {
  const { series, intervalSeconds = 60, atMinutes, labels = [{}] } = input;
  const firing = { alertname: alert.name, alertstate: 'firing' };
  const expected = labels.map((own) => ({
    labels: seriesOf('ALERTS', { ...firing, ...own, ...alertLabels(alert, settings) }),
    value: 1,
  }));
  return {
    name: `${alert.name} ${outcome}`,
    interval: duration(intervalSeconds / speedUp),
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: seriesOf('ALERTS', firing),
        eval_time: duration((atMinutes * 60) / speedUp),
        exp_samples: outcome === 'stays quiet' ? [] : expected,
      },
    ],
  };
}

/** A series in promtool's notation. */
export function seriesOf(name: string, labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${matchers.join(',')}}`;
}
