/** The alerts: rules that promtool accepts, tests that it passes and that can fail, and a runbook section for each. Those of the defaults are run by bundle-tools.test.ts. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { defineCounter, label, type MetricDefinition } from '../../../lib/definition.js';
import { alertGroups } from '../../../lib/monitoring/alerts/alert-groups.js';
import { selector } from '../../../lib/monitoring/expression.js';
import { alertStates } from '../../../lib/monitoring/foreign.js';
import { type Alert, type BundleFile, isAlert, type RuleGroup } from '../../../lib/monitoring/model.js';
import { recordingGroups } from '../../../lib/monitoring/recording-rules.js';
import { ruleFiles, runbookUrl } from '../../../lib/monitoring/rule-files.js';
import { ruleTestFiles } from '../../../lib/monitoring/rule-tests.js';
import { runbookFiles } from '../../../lib/monitoring/runbooks.js';
import { type BundleOptions, type BundleSettings, bundleSettings } from '../../../lib/monitoring/settings.js';
import { defaultThresholds } from '../../../lib/monitoring/thresholds.js';
import { testWith } from '../../helpers/programs.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** What the user adds: a metric, and an alert on it. */
const jobsLost = defineCounter({
  name: 'jobs_lost_total',
  help: 'Jobs that nobody finished.',
  labels: { kind: label() },
});
const ownAlert: Alert = {
  name: 'JobsLost',
  subject: 'own',
  severity: 'ticket',
  expression: `sum by (kind) (increase(${selector(jobsLost, { job: 'tamma' })}[10m])) > 3`,
  forSeconds: 60,
  labels: { team: 'delivery' },
  summary: 'Jobs of kind {{ $labels.kind }} are lost',
  description: '{{ $value | humanize }} jobs of kind {{ $labels.kind }} were lost within ten minutes.',
  dashboard: 'tamma-overview',
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

function groupsOf(options: BundleOptions = {}): { groups: RuleGroup[]; settings: BundleSettings } {
  const settings = bundleSettings(options);
  return { groups: [...recordingGroups(settings), ...alertGroups(settings)], settings };
}

function alertsOf(options: BundleOptions = {}): Alert[] {
  return groupsOf(options).groups.flatMap(({ rules }) => rules.filter(isAlert));
}

function filesOf(options: BundleOptions = {}, change: (alert: Alert) => Alert = (alert) => alert) {
  const { groups, settings } = groupsOf(options);
  const changed = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (isAlert(rule) ? change(rule) : rule)),
  }));
  return { rules: ruleFiles(changed, settings), tests: ruleTestFiles(changed, settings) };
}

async function write(folder: string, files: readonly BundleFile[]): Promise<string[]> {
  const paths = files.map(({ path }) => join(folder, path));
  for (const [index, path] of paths.entries()) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, files[index]?.content ?? '');
  }
  return paths;
}

function run(program: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` });
    });
  });
}

async function passes(t: ExecutionContext, promtool: string, options: BundleOptions): Promise<void> {
  const { rules, tests } = filesOf(options);
  const folder = await temporaryFolder(t);
  const rulePaths = await write(folder, rules);
  const testPaths = await write(folder, tests);
  const checked = await run(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', ...rulePaths]);
  t.is(checked.code, 0, checked.output);
  const tested = await run(promtool, ['test', 'rules', ...testPaths]);
  t.is(tested.code, 0, tested.output);
  t.is(tested.output.match(/SUCCESS/g)?.length, testPaths.length);
}

testWith(
  ['promtool'],
  'for Prometheus 3, sixty times as fast, and with other limits, promtool accepts all rules, and each alert fires on its series and is quiet on the healthy one',
  async (t, { promtool }) => {
    await passes(t, promtool, {
      target: '3',
      definitions: [jobsLost],
      alerts: [ownAlert],
      config: { service: "my 'own' service" },
      intervals: { scrapeSeconds: 1, evaluationSeconds: 1, speedUp: 60 },
      thresholds: { aiErrorPageShare: 0.9, aiSlowSeconds: 5, queueAgeSeconds: 7_200, aiCostSpikeUsd: 500 },
    });
  },
);

/** Names of the alerts whose test of one kind failed, as promtool reports them. */
function failed(output: string, kind: 'fires' | 'quiet'): string[] {
  const reports = output.matchAll(/expr: "ALERTS\{alertname=\\"(\w+)\\".*\n\s+exp: ?(.*)\n/g);
  return [...reports]
    .filter(([, , expected]) => (expected === 'nil') === (kind === 'quiet'))
    .map(([, name]) => name ?? '');
}

testWith(
  ['promtool'],
  'a rule that never fires fails every test of firing, and one that always does every test of quiet',
  async (t, { promtool }) => {
    const names = alertsOf().map(({ name }) => name);
    for (const [expression, kind] of [
      ['vector(0) > 1', 'fires'],
      ['vector(1)', 'quiet'],
    ] as const) {
      const { rules, tests } = filesOf({}, (alert) => ({ ...alert, expression, forSeconds: 0 }));
      const folder = await temporaryFolder(t);
      await write(folder, rules);
      const { code, output } = await run(promtool, ['test', 'rules', ...(await write(folder, tests))]);
      t.is(code, 1);
      const expected =
        kind === 'fires' ? [...names, 'Watchdog'] : names.filter((name) => name !== 'Watchdog');
      t.deepEqual(failed(output, kind).sort(), expected.sort(), `${kind}: ${expression}`);
    }
  },
);

testWith(
  ['promtool'],
  'summaries and descriptions come out with the values, and nothing of their templates stays',
  async (t, { promtool }) => {
    const { rules, tests } = filesOf();
    const folder = await temporaryFolder(t);
    await write(folder, rules);
    // promtool shows the annotations of alerts that are not expected.
    const unexpecting = tests.map(({ path, content }) => {
      const file = parse(content) as { tests: { name: string; promql_expr_test: { eval_time: string }[] }[] };
      const firing = file.tests.filter(({ name }) => name.endsWith(' fires'));
      const asked = firing.map(
        ({ name, promql_expr_test: [{ eval_time } = { eval_time: '' }], ...rest }) => ({
          ...rest,
          alert_rule_test: [{ eval_time, alertname: name.replace(' fires', ''), exp_alerts: [] }],
        }),
      );
      return { path, content: JSON.stringify({ ...file, tests: asked }) };
    });
    const { output } = await run(promtool, ['test', 'rules', ...(await write(folder, unexpecting))]);
    const shown = [...output.matchAll(/Labels:\{alertname="(\w+)".*\n\s+Annotations:(\{.*\})/g)];
    t.deepEqual(
      [...new Set(shown.map(([, name]) => name))].sort(),
      alertsOf()
        .map(({ name }) => name)
        .sort(),
    );
    for (const [, name, annotations = ''] of shown)
      t.notRegex(annotations, /\{\{|<no value>|error expanding|NaN|Inf|%!|""/, name);
    t.regex(
      output,
      /description="75% of the requests to anthropic failed over 5m \(limit 50%, at least 5 requests\)\."/,
    );
    t.regex(output, /summary="Alerts do not get through alertmanager to webhook"/);
    t.regex(output, /nothing of core of github is left in 15m 0s, before/);
  },
);

/** A series of every metric and every value of its closed labels, with the values of its kind. */
function everySeries(
  settings: BundleSettings,
  valuesOf: (definition: MetricDefinition) => string,
): { series: string; values: string }[] {
  return [...settings.readable.values()].flatMap((definition) => {
    const { name, type, labels } = definition;
    // Prometheus writes those of the alerts.
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
  'an idle service, one that does not use a part, one without anything, and one failure of each kind set nothing off that is not meant to',
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
      name === 'up' || name === 'prometheus_config_last_reload_successful';
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
    // A service that has just come, and does much from the start, does nothing unusual.
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
        evaluation_interval: '1m',
        tests: scenarios.map((scenario) => ({ interval: '1m', ...scenario })),
      }),
    );
    const { code, output } = await run(promtool, ['test', 'rules', path]);
    t.is(code, 0, output);
  },
);

test('every alert has a name of its own, a summary, a description, both cases, and a runbook section under its anchor', (t) => {
  const { groups, settings } = groupsOf({ alerts: [ownAlert], definitions: [jobsLost] });
  const alerts = groups.flatMap(({ rules }) => rules.filter(isAlert));
  const runbooks = new Map(runbookFiles(groups, settings).map(({ path, content }) => [path, content]));
  t.is(new Set(alerts.map(({ name }) => name)).size, alerts.length);
  for (const alert of alerts) {
    const [file = '', anchor] = runbookUrl(alert, settings).split('#');
    const headings = [...(runbooks.get(file)?.matchAll(/^## (\w+)$/gm) ?? [])].map(([, name]) => name);
    t.true(headings.includes(alert.name), `${alert.name} in ${file}`);
    t.is(anchor, alert.name.toLowerCase());
    t.true(alert.summary.length > 0 && alert.summary.length <= 100, alert.name);
    t.regex(alert.description, /\$value|\$labels/, alert.name);
    t.true(alert.runbook.causes.length > 0 && alert.runbook.actions.length > 0, alert.name);
    t.true(alert.severity === 'none' || Object.keys(alert.tests.quiet.series).length > 0, alert.name);
    t.true(Object.keys(alert.tests.fires.series).length > 0, alert.name);
  }
});

test('the rules carry severity, subject and service, and links to the runbook and the dashboard', (t) => {
  const { groups, settings } = groupsOf({
    runbookUrl: 'https://example.com/runbooks/',
    grafanaUrl: 'https://grafana.example.com',
  });
  const file = ruleFiles(groups, settings).find(
    ({ path }) => path === 'prometheus/rules/alerts-provider.yml',
  );
  const { groups: written } = parse(file?.content ?? '') as {
    groups: { rules: Record<string, unknown>[] }[];
  };
  const rule = written[0]?.rules.find(({ alert }) => alert === 'AiErrors');
  t.is(rule?.for, '2m');
  t.deepEqual(rule?.labels, { severity: 'page', subject: 'provider', service: 'tamma' });
  t.like(rule?.annotations, {
    runbook_url: 'https://example.com/runbooks/provider.md#aierrors',
    dashboard_url: 'https://grafana.example.com/d/tamma-ai',
  });
});

test('a page whose ticket fires too has the labels by which the one inhibits the other', (t) => {
  const alerts = alertsOf();
  const twins = alerts.filter(({ name }) => name.endsWith('Elevated'));
  t.deepEqual(
    twins.map(({ name }) => name),
    ['WorkflowsFailingElevated', 'AiErrorsElevated', 'PlatformErrorsElevated', 'HttpErrorsElevated'],
  );
  for (const ticket of twins) {
    const page = alerts.find(({ name }) => name === ticket.name.replace('Elevated', ''));
    t.is(ticket.severity, 'ticket');
    t.is(page?.severity, 'page');
    t.is(page?.subject, ticket.subject);
    t.deepEqual(page?.tests.fires.labels, ticket.tests.fires.labels);
  }
});

test('a limit of the user changes the rule that it is of, and every limit is used', (t) => {
  const expressions = (options: BundleOptions) =>
    new Map(alertsOf(options).map((alert) => [alert.name, alert.expression]));
  const before = expressions({});
  const after = expressions({ thresholds: { queueDepth: 7 } });
  t.true(after.get('QueueBacklog')?.endsWith('> 7'));
  after.set('QueueBacklog', before.get('QueueBacklog') ?? '');
  t.deepEqual(after, before);
  for (const name of Object.keys(defaultThresholds) as (keyof typeof defaultThresholds)[]) {
    const other = expressions({ thresholds: { [name]: defaultThresholds[name] * 0.9 } });
    t.notDeepEqual(other, before, name);
  }
});

test('without a budget there is no alert about it', (t) => {
  const names = alertsOf({ thresholds: { aiMonthlyBudgetUsd: 0 } }).map(({ name }) => name);
  t.false(names.includes('AiBudgetForecast'));
  t.is(names.length, alertsOf().length - 1);
});

test('a limit that there is not, that is no number, or that nothing can pass is an error', (t) => {
  const given = (thresholds: object) => () => bundleSettings({ thresholds });
  const code = 'ERR_METRICS_INVALID_MONITORING';
  t.throws(given({ queueDeph: 3 }), { code, message: /Did you mean `queueDepth`\?/ });
  t.throws(given({ queueDepth: '3' }), { code, message: /threshold `queueDepth`.*expected a number/ });
  t.throws(given({ queueDepth: 0 }), { code, message: /expected a number above 0, received 0/ });
  t.throws(given({ aiErrorShare: 1 }), { code, message: /expected a share above 0 and below 1/ });
});

test('an alert of the user that has a taken name, no name, or another subject is an error', (t) => {
  const given =
    (...alerts: readonly Alert[]) =>
    () =>
      alertGroups(bundleSettings({ alerts }));
  const code = 'ERR_METRICS_INVALID_MONITORING';
  t.throws(given({ ...ownAlert, name: 'AiErrors' }), { code, message: /a name that no other alert has/ });
  t.throws(given(ownAlert, ownAlert), { code, message: /a name that no other alert has/ });
  t.throws(given({ ...ownAlert, name: 'jobs lost' }), { code, message: /CamelCase/ });
  t.throws(given({ ...ownAlert, subject: 'http' }), { code, message: /expected "own", received "http"/ });
});

test('the alert of the user comes out in rules, tests and runbooks', (t) => {
  const { groups, settings } = groupsOf({ alerts: [ownAlert], definitions: [jobsLost] });
  const rule = ruleFiles(groups, settings).find(({ path }) => path === 'prometheus/rules/alerts-own.yml');
  t.like(parse(rule?.content ?? '').groups[0].rules[0], {
    alert: 'JobsLost',
    for: '1m',
    labels: { team: 'delivery', severity: 'ticket', subject: 'own', service: 'tamma' },
  });
  const tests = ruleTestFiles(groups, settings).find(
    ({ path }) => path === 'prometheus/tests/alerts-own.test.yml',
  );
  t.deepEqual(parse(tests?.content ?? '').rule_files, ['../rules/alerts-own.yml']);
  const runbook = runbookFiles(groups, settings).find(({ path }) => path === 'runbooks/own.md');
  t.regex(runbook?.content ?? '', /## JobsLost\n(?:.*\n)*.*Jobs are taken and never finished/);
});

test('a test reads the files whose records its rules read, through others too', (t) => {
  const { settings } = groupsOf();
  const alert: Alert = { ...ownAlert, expression: 'job:b:sum > 1' };
  const groups: RuleGroup[] = [
    { name: 'a', file: 'recording', rules: [{ record: 'job:a:sum', expression: 'sum by (job) (up)' }] },
    { name: 'c', file: 'unread', rules: [{ record: 'job:c:sum', expression: 'sum by (job) (up)' }] },
    { name: 'b', file: 'slo', rules: [{ record: 'job:b:sum', expression: 'job:a:sum * 2' }] },
    { name: 'own', file: 'alerts-own', rules: [alert] },
  ];
  const [file] = ruleTestFiles(groups, settings);
  const { rule_files, group_eval_order } = parse(file?.content ?? '');
  t.deepEqual(rule_files, ['../rules/recording.yml', '../rules/slo.yml', '../rules/alerts-own.yml']);
  t.deepEqual(group_eval_order, ['a', 'b', 'own']);
});

test('all names and labels in crafted series are those of definitions', (t) => {
  const { groups, settings } = groupsOf();
  const names = new Set(
    [...settings.readable.values()].flatMap(({ name }) =>
      ['', '_bucket', '_sum', '_count'].map((part) => name + part),
    ),
  );
  for (const alert of groups.flatMap(({ rules }) => rules.filter(isAlert)))
    for (const series of [alert.tests.fires, alert.tests.quiet].flatMap((one) => Object.keys(one.series)))
      t.true(names.has(series.replace(/\{.*/s, '')), series);
});

test('the files are the same each time', (t) => {
  const { groups, settings } = groupsOf();
  const all = () => [...filesOf().rules, ...filesOf().tests, ...runbookFiles(groups, settings)];
  t.deepEqual(all(), all());
  for (const { path, content } of all())
    t.regex(content, /^(?:#|<!--) Generated by `tamma-metrics bundle`/, path);
});
