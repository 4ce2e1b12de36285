/** The alerts, checked and tested by promtool. bundle-tools.system.test.ts runs the rules with default options. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { MetricDefinition } from '../../../../lib/definition.js';
import { bundleParts } from '../../../../lib/monitoring/bundle-parts.js';
import type { BundleFile } from '../../../../lib/monitoring/model.js';
import { ruleFiles } from '../../../../lib/monitoring/prometheus/rule-files.js';
import { selector } from '../../../../lib/monitoring/promql/expression.js';
import type { BundleOptions, BundleSettings } from '../../../../lib/monitoring/settings.js';
import { alertStates } from '../../../../lib/monitoring/third-party-metrics.js';
import { testWith } from '../../../helpers/programs.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { runTestsByAlert } from '../../../helpers/tests-by-alert.js';
import { alertsOf, filesOf, groupsOf, jobsLost, ownAlert } from '../../../helpers/user-alert.js';

async function write(folder: string, files: readonly BundleFile[]): Promise<string[]> {
  const paths = files.map(({ path }) => join(folder, path));
  for (const [index, path] of paths.entries()) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, files[index]?.content ?? '');
  }
  return paths;
}

function pathsOf(files: readonly BundleFile[]): string[] {
  return files.map(({ path }) => path);
}

function run(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` });
    });
  });
}

testWith(
  ['promtool'],
  'rules for Prometheus 3 with `speedUp` and other limits pass promtool, and their texts contain values',
  async (t, { promtool }) => {
    const options: BundleOptions = {
      target: '3',
      include: bundleParts,
      definitions: [jobsLost],
      alerts: [ownAlert],
      config: { service: "my 'own' service" },
      intervals: { scrapeSeconds: 1, evaluationSeconds: 1, speedUp: 60 },
      thresholds: { aiErrorPageShare: 0.9, aiSlowSeconds: 5, queueAgeSeconds: 7_200, aiCostSpikeUsd: 500 },
    };
    const { rules, tests } = filesOf(options);
    const folder = await temporaryFolder(t);
    const rulePaths = await write(folder, rules);
    const checked = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', ...rulePaths]);
    t.is(checked.code, 0, checked.output);

    const changed = tests.map(alsoExpectingNoAlerts);
    const { output } = await runTestsByAlert(t, promtool, [...rules, ...changed], pathsOf(changed));
    t.deepEqual(failed(output, 'fires'), []);
    t.deepEqual(failed(output, 'quiet'), []);
    const shown = [...output.matchAll(/Labels:\{alertname="(\w+)".*\n\s+Annotations:(\{.*\})/g)];
    t.deepEqual(
      [...new Set(shown.map(([, name]) => name))].sort(),
      alertsOf(options)
        .map(({ name }) => name)
        .sort(),
    );
    for (const [, name, annotations = ''] of shown)
      t.notRegex(annotations, /\{\{|<no value>|error expanding|NaN|Inf|%!|""/, name);
    t.regex(
      output,
      /description="95% of the requests to anthropic failed over 5s \(limit 90%, at least 5 requests\)\."/,
    );
    t.regex(output, /summary="Notifications of alertmanager to webhook fail"/);
    t.regex(output, /the quota of github for core runs out in 15s, before/);
  },
);

/** The same tests, with one more that fails for every alert that fires, so that promtool prints its annotations. */
function alsoExpectingNoAlerts({ path, content }: BundleFile): BundleFile {
  interface Test {
    readonly name: string;
    readonly promql_expr_test: readonly { readonly eval_time: string }[];
  }
  const file = parse(content) as { tests: Test[] };
  const tests = file.tests.map((one) =>
    one.name.endsWith(' fires')
      ? {
          ...one,
          alert_rule_test: one.promql_expr_test.map(({ eval_time }) => ({
            eval_time,
            alertname: one.name.replace(' fires', ''),
            exp_alerts: [],
          })),
        }
      : one,
  );
  return { path, content: JSON.stringify({ ...file, tests }) };
}

/** Names of the alerts whose test of one kind failed, as promtool reports them. */
function failed(output: string, kind: 'fires' | 'quiet'): string[] {
  const reports = output.matchAll(/expr: "ALERTS\{alertname=\\"(\w+)\\".*\n\s+exp: ?(.*)\n/g);
  return [...reports]
    .filter(([, , expected]) => (expected === 'nil') === (kind === 'quiet'))
    .map(([, name]) => name ?? '');
}

testWith(
  ['promtool'],
  'a rule that never fires fails every firing test, and one that always fires every quiet test',
  async (t, { promtool }) => {
    const names = alertsOf().map(({ name }) => name);
    // A query looks back five minutes, so constant rules need no evaluation more often than that.
    const less = ({ path, content }: BundleFile): BundleFile => ({
      path,
      content: content.replace('evaluation_interval: 1m', 'evaluation_interval: 5m'),
    });
    for (const [expression, kind] of [
      ['vector(0) > 1', 'fires'],
      ['vector(1)', 'quiet'],
    ] as const) {
      const { rules, tests } = filesOf({}, (alert) => ({ ...alert, expression, forSeconds: 0 }));
      const changed = tests.map(less);
      const files = [...rules, ...changed];
      const { code, output } = await runTestsByAlert(t, promtool, files, pathsOf(changed));
      t.is(code, 1);
      const expected =
        kind === 'fires' ? [...names, 'Watchdog'] : names.filter((name) => name !== 'Watchdog');
      t.deepEqual(failed(output, kind).sort(), expected.sort(), `${kind}: ${expression}`);
    }
  },
);

/** A series for every metric and every value of its closed labels. */
function everySeries(
  settings: BundleSettings,
  valuesOf: (definition: MetricDefinition) => string,
): { series: string; values: string }[] {
  return [...settings.readable.values()].flatMap((definition) => {
    const { name, type, labels } = definition;
    // Prometheus writes this one itself.
    if (definition === alertStates) return [];
    const job = /^(prometheus|alertmanager)_/.exec(name)?.[1] ?? settings.job;
    let sets: Record<string, string>[] = [{ job, instance: 'a:9090' }];
    for (const [label, { values = ['x'] }] of Object.entries(labels))
      sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
    const parts = type === 'histogram' ? (['_count', '_sum', '_bucket'] as const) : [undefined];
    return sets.flatMap((set) =>
      parts.map((part) => ({
        series: selector(definition, part === '_bucket' ? { ...set, le: '+Inf' } : set, part),
        values: valuesOf(definition),
      })),
    );
  });
}

testWith(
  ['promtool'],
  'an idle service, an unused part and a single failure of each kind fire no other alerts',
  async (t, { promtool }) => {
    const { groups, settings } = groupsOf();
    const folder = await temporaryFolder(t);
    await write(folder, ruleFiles(groups, settings));
    const firing = (minutes: number, names: readonly string[]) => ({
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: `${minutes}m`,
      exp_samples: names.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
    });
    const isUp = ({ name }: MetricDefinition) =>
      name === 'up' || name === 'health_check_status' || name.endsWith('_config_last_reload_successful');
    const idle = everySeries(settings, (definition) => (isUp(definition) ? '1+0x300' : '0+0x300'));
    const once = everySeries(settings, (definition) => {
      if (isUp(definition)) return '1+0x300';
      return definition.type === 'gauge' ? '0+0x300' : '0+0x180 1+0x119';
    });
    const single = [
      'AiModelUnpriced',
      'MetricsRecordingErrors',
      'MetricsSeriesFolded',
      'RuleFailures',
      'Watchdog',
    ];
    // A new service that is busy from the start has no history to compare with.
    const busyFromTheStart = [
      { series: 'up{job="tamma",instance="a:9090"}', values: '1+0x90' },
      {
        series:
          'escalations_total{job="tamma",instance="a:9090",reason="x",severity="low",workflow_type="issue"}',
        values: '0+4x90',
      },
    ];
    const scenarios = [
      {
        input_series: busyFromTheStart,
        promql_expr_test: [firing(45, ['Watchdog']), firing(85, ['Watchdog'])],
      },
      { input_series: idle, promql_expr_test: [firing(1, ['Watchdog']), firing(290, ['Watchdog'])] },
      {
        input_series: idle.filter(({ series }) => series.startsWith('up{')),
        promql_expr_test: [firing(290, ['Watchdog'])],
      },
      { input_series: [], promql_expr_test: [firing(10, ['TargetsAbsent', 'Watchdog'])] },
      { input_series: once, promql_expr_test: [firing(186, single), firing(290, ['Watchdog'])] },
    ];
    const path = join(folder, 'scenarios.json');
    await writeFile(
      path,
      JSON.stringify({
        rule_files: ['prometheus/rules/*.yml'],
        evaluation_interval: '2m',
        tests: scenarios.map((scenario) => ({ interval: '1m', ...scenario })),
      }),
    );
    const { code, output } = await run(promtool, ['test', 'rules', path]);
    t.is(code, 0, output);
  },
);
