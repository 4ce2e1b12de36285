/**
 * Plausible days: the series of a service, and exactly the alerts of a family that fire. promtool tests only the alerts of the
 * family and the records that these read, because it evaluates every rule for every test.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { ruleGroups } from '../../lib/monitoring/bundle.js';
import { isAlert } from '../../lib/monitoring/model.js';
import { duration } from '../../lib/monitoring/promql/expression.js';
import { type BundleOptions, bundleSettings } from '../../lib/monitoring/settings.js';
import { runProgram } from './run-program.js';
import { temporaryFolder } from './temporary-folder.js';
import { groupsFor } from './tests-by-alert.js';

/** One day, or night. */
export interface AlertDay {
  /** What happens. */
  readonly title: string;
  /** Whether a user reported it: both versions of promtool check it. */
  readonly isCase?: boolean;
  /** Seconds between two values. Default: 60. */
  readonly every?: number;
  /** Series -> values in promtool's notation. Missing labels `job` and `instance` are added, and a missing series `up`. */
  readonly series: Readonly<Record<string, string>>;
  /** Time, as a Prometheus duration -> the alerts of the family that fire then. */
  readonly firing: Readonly<Record<string, readonly string[]>>;
}

/** Days about the same alerts. */
export interface AlertFamily {
  /** Names of the alerts. */
  readonly alerts: readonly string[];
  /** Seconds between two evaluations. Default: 60. */
  readonly evaluateEvery?: number;
  /** Options of the bundle. */
  readonly options?: BundleOptions;
  readonly days: readonly AlertDay[];
}

/** Checks one family with one promtool. */
export async function checkDays(
  t: ExecutionContext,
  promtool: string,
  { alerts, evaluateEvery = 60, options = {}, days }: AlertFamily,
): Promise<void> {
  const folder = await temporaryFolder(t);
  const groups = groupsFor(writtenGroups(options), alerts);
  t.deepEqual(
    groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? [])).sort(),
    [...alerts].sort(),
  );
  await writeFile(join(folder, 'rules.yml'), stringify({ groups }));
  const file = {
    rule_files: ['rules.yml'],
    evaluation_interval: duration(evaluateEvery),
    group_eval_order: groups.map(({ name }) => name),
    tests: days.map(testOf),
  };
  await writeFile(join(folder, 'days.test.yml'), stringify(file, { aliasDuplicateObjects: false }));
  const { code, output } = await runProgram(promtool, ['test', 'rules', 'days.test.yml'], { cwd: folder });
  t.is(code, 0, output);
}

function writtenGroups(options: BundleOptions) {
  return ruleGroups(bundleSettings(options)).map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) =>
      isAlert(rule)
        ? { alert: rule.name, expr: rule.expression, for: duration(rule.forSeconds) }
        : { record: rule.record, expr: rule.expression, labels: { ...rule.labels } },
    ),
  }));
}

function testOf({ title, every = 60, series, firing }: AlertDay): object {
  const given = Object.entries(series).map(([name, values]) => ({ series: withTarget(name), values }));
  const hasUp = given.some((one) => one.series.startsWith('up{'));
  const last = Math.max(...Object.keys(firing).map(secondsOf));
  const up = { series: withTarget('up'), values: `1x${Math.ceil(last / every)}` };
  return {
    name: title,
    interval: duration(every),
    input_series: hasUp ? given : [...given, up],
    promql_expr_test: Object.entries(firing).map(([time, names]) => ({
      expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: time,
      exp_samples: names.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
    })),
  };
}

/** `up` -> `up{job="tamma",instance="a:9090"}`. */
function withTarget(series: string): string {
  const [, name = '', labels = ''] = /^([\w:]+)(?:\{(.*)\})?$/.exec(series) ?? [];
  const added = [
    ...(/(^|,)job=/.test(labels) ? [] : ['job="tamma"']),
    ...(/(^|,)instance=/.test(labels) ? [] : ['instance="a:9090"']),
    ...(labels === '' ? [] : [labels]),
  ];
  return `${name}{${added.join(',')}}`;
}

/** Seconds of `1d2h30m15s`. */
function secondsOf(time: string): number {
  const units: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };
  return [...time.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  );
}
