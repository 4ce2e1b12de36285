import { createRequire } from 'node:module';
import test from 'ava';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../../lib/define.js';
import { MetricsError } from '../../../../lib/errors.js';
import { label } from '../../../../lib/label.js';
import type { Alert, PanelQuery, RuleGroup } from '../../../../lib/monitoring/model.js';
import { checkExpressions, expressionReader } from '../../../../lib/monitoring/promql/expression-checks.js';
import { withoutGrafanaVariables } from '../../../../lib/monitoring/promql/grafana-variables.js';
import { knownSeries } from '../../../../lib/monitoring/promql/known-series.js';
import { promqlParser } from '../../../../lib/monitoring/promql/promql.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { validExpressions } from '../../../helpers/promql-expressions.js';

const parse = promqlParser();

for (const [expression, problem] of [
  ['sum(rate(jobs_total[5m])', /not closed or missing/],
  ['', /not closed or missing/],
  ['jobs_total)', /syntax error at character 11, before `\)`/],
  ['jobs_total > > 1', /syntax error at character 14, before `> 1`/],
  ['no_such_function(jobs_total)', /syntax error at character 17/],
  ['rate(jobs_total)', /expected type matrix in call to function "rate", got vector, in `jobs_total`/],
  ['sum(jobs_total[5m])', /expected type vector in aggregation expression, got matrix/],
  ['time() > 5', /comparisons between scalars must use BOOL modifier/],
  ['jobs_total or 1', /set operator not allowed in binary scalar expression/],
] as const) {
  test(`\`${expression}\` is a syntax or type error`, (t) => {
    const { problems } = parse(expression);
    t.is(problems.length, 1);
    t.regex(problems[0] ?? '', problem);
  });
}

test('a long expression is parsed to its end', (t) => {
  const long = Array.from({ length: 150 }, (_, index) => `sum(rate(jobs_total{queue="q${index}"}[5m]))`).join(
    ' + ',
  );
  t.deepEqual(parse(long).problems, []);
  t.is(parse(`${long} + rate(jobs_total)`).problems.length, 1);
});

test('without its packages, the error has the command that installs them', (t) => {
  const error = t.throws(() => promqlParser(createRequire('/nowhere/packages.js')), {
    instanceOf: MetricsError,
    code: 'ERR_METRICS_MISSING_PACKAGE',
  });
  t.regex(
    error?.message ?? '',
    /Install them: npm install --save-dev @prometheus-io\/codemirror-promql @codemirror/,
  );
  const broken = new Error('broken');
  t.is(
    t.throws(() =>
      promqlParser(() => {
        throw broken;
      }),
    ),
    broken,
    'a package that is installed but broken throws its own error',
  );
});

const definitions = [
  defineCounter({
    name: 'jobs_total',
    help: 'Jobs.',
    labels: { queue: label(), outcome: label('success', 'failure') },
  }),
  defineGauge({ name: 'jobs_waiting', help: 'Waiting.', labels: { queue: label() } }),
  defineHistogram({
    name: 'wait_seconds',
    help: 'Waiting.',
    labels: { queue: label() },
    buckets: [0.5, 1, 5, 1_000_000],
  }),
  defineSummary({ name: 'size_bytes', help: 'Sizes.', quantiles: [0.5, 0.99] }),
];

const records: RuleGroup = {
  name: 'records',
  file: 'recording',
  rules: [
    { record: 'job_queue:jobs:rate5m', expression: 'sum by (job, queue) (rate(jobs_total[5m]))' },
    {
      record: 'job:jobs:rate5m',
      expression: 'sum without (queue) (job_queue:jobs:rate5m)',
      labels: { kind: 'all' },
    },
    { record: 'job:loop:a', expression: 'job:loop:b' },
    { record: 'job:loop:b', expression: 'job:loop:a' },
    { record: 'slo:errors', expression: 'sum by (job) (rate(jobs_total[5m]))', labels: { slo: 'one' } },
    { record: 'slo:errors', expression: 'sum by (job) (rate(jobs_total[5m]))', labels: { slo: 'two' } },
  ],
};

function problemsOf(expression: string, options: BundleOptions = {}): readonly string[] {
  const known = knownSeries(bundleSettings({ definitions, ...options }), [records], parse);
  return expressionReader(known, parse)(expression).problems;
}

for (const expression of validExpressions) {
  test(`\`${expression}\` is valid`, (t) => t.deepEqual(problemsOf(expression), []));
}

for (const [expression, problem] of [
  [
    'jobs_totl',
    /expected a metric of a definition or a recorded series, received "jobs_totl"\. Did you mean `jobs_total`\?/,
  ],
  ['job_queue:jobs:rate1h', /Did you mean `job_queue:jobs:rate5m`\?/],
  ['entirely_different_thing', /declare it in `definitions`, or record it in `recordingRules`/],
  ['wait_seconds', /expected one of its parts \(wait_seconds_bucket, wait_seconds_sum, wait_seconds_count\)/],
  ['{__name__=~"nothing_.*"}', /no metric has a name that matches "nothing_\.\*"/],
  ['{queue="a"}', /label `queue`: expected the name of a metric beside it/],
  [
    'jobs_total{queu="a"}',
    /label of `jobs_total`: expected one of job, instance, queue, outcome, received "queu"\. Did you mean `queue`\?/,
  ],
  ['sum by (outcom) (jobs_total)', /label of `sum by`: .* Did you mean `outcome`\?/],
  ['sum by (queue) (sum by (job) (jobs_total))', /label of `sum by`: expected one of job, received "queue"/],
  ['sum without (kind) (jobs_total)', /label of `sum without`/],
  ['sum by (kind) (job_queue:jobs:rate5m)', /expected one of job, queue, received "kind"/],
  ['job:jobs:rate5m{kind="some"}', /expected one of all, received "some"/],
  ['slo:errors{slo="three"}', /expected one of one, two, received "three"/],
  [
    'jobs_total{outcome="failed"}',
    /value of label `outcome`: expected one of success, failure, received "failed"/,
  ],
  ['jobs_total{outcome=~"success|failed"}', /received "failed"/],
  ['jobs_total{outcome!="fail"}', /received "fail"/],
  ['jobs_total{queue=~"("}', /expected a regular expression, received "\("/],
  ['wait_seconds_bucket{le="2"}', /expected one of its bounds \(0\.5, 1, 5, 1000000, \+Inf\), received "2"/],
  [
    'wait_seconds_bucket{le="1"}',
    /every spelling that Prometheus has of the bound 1, le=~"1\|1\\\\\.0", received "1"/,
  ],
  [
    'wait_seconds_bucket{le=~"1000000|1000000\\\\.0"}',
    /the bound 1000000, le=~"1000000\|1000000\\\\\.0\|1e\\\\\+06"/,
  ],
  ['ALERTS{alertstate="fires"}', /expected one of pending, firing, received "fires"/],
  [
    'histogram_quantile(0.9, sum by (job) (rate(wait_seconds_bucket[5m])))',
    /`histogram_quantile` of series without buckets by `le`/,
  ],
  [
    'rate(jobs_waiting[5m])',
    /`rate`: expected a counter, received the gauge `jobs_waiting`; use `delta` or `deriv`/,
  ],
  ['jobs_waiting / on (outcome) jobs_total', /label of `on`, left of `\/`/],
  [
    'sum by (job) (jobs_waiting) / on (queue) jobs_total',
    /label of `on`, left of `\/`: expected one of job, received "queue"/,
  ],
  [
    'jobs_waiting * on (queue) group_left (kind) jobs_total',
    /label of `group_left`: expected one of job, instance, queue, outcome/,
  ],
  [
    'sum by (job) (jobs_waiting) / sum by (queue) (jobs_waiting)',
    /sides of `\/`: expected the same labels left and right, received `job`, `queue` on one of them only/,
  ],
  ['jobs_waiting and jobs_total', /write `on \(job, instance, queue\)` or `ignoring \(outcome\)`/],
  ['label_replace(jobs_waiting, "a", "$1", "kind", ".*")', /label that `label_replace` reads/],
  ['sum by (queue) (absent(jobs_total{job="tamma"}))', /expected one of job, received "queue"/],
  ['(jobs_waiting offset 5m) @ end()', /before `@ end\(\)`, received `\(jobs_waiting offset 5m\)`/],
  ['sum(jobs_waiting) offset 5m', /expected a selector, a range or a subquery before `offset 5m`/],
  ['max_over_time((jobs_waiting)[5m])', /expected a selector before `\[5m\]`/],
  ['limitk(3, jobs_waiting)', /`limitk`: expected syntax or a function of Prometheus 2\.42/],
  ['jobs_waiting{queue=~"\\d+"}', /expected a valid escape, received `\\d`; write a backslash as/],
  ['jobs_waiting{queue=~"a(?=b)"}', /expected a regular expression/],
  ['sum(jobs_waiting, jobs_waiting)', /`sum`: expected one argument, received 2/],
  ['delta(jobs_waiting[5])', /expected units in descending order, such as `1h30m`, received `5`/],
  ['delta(jobs_waiting[0s])', /expected more than zero, received `0s`/],
  ['jobs_waiting{"queue"="a"}', /`"queue"`: expected syntax or a function of Prometheus 2\.42/],
  ['count({job=~".*"})', /expected a matcher that does not match an empty string/],
] as const) {
  test(`\`${expression}\` is reported`, (t) => {
    const problems = problemsOf(expression);
    t.is(problems.length, 1, problems.join('\n') || 'nothing is reported');
    t.regex(problems[0] ?? '', problem);
  });
}

test('for Prometheus 3, its functions and its spelling of bounds are valid', (t) => {
  t.deepEqual(problemsOf('limitk(3, jobs_waiting)', { target: '3' }), []);
  t.deepEqual(problemsOf('wait_seconds_bucket{le="1.0"}', { target: '3' }), []);
  t.is(problemsOf('wait_seconds_bucket{le="1"}', { target: '3' }).length, 1);
});

test('records that read each other are not followed forever', (t) => {
  t.deepEqual(problemsOf('job:loop:a'), []);
});

test("Grafana's variables are replaced by values that fit their position", (t) => {
  for (const [expression, plain] of [
    ['rate(a{b=~"$b"}[$__rate_interval])', 'rate(a{b=~"GRAFANA_VARIABLE"}[5m])'],
    [`a{b="\${b:regex}"} > \${limit}`, 'a{b="GRAFANA_VARIABLE"} > 1'],
    ['a[[[range]]]', 'a[5m]'],
    ['a[1h:$step] / $__range_s', 'a[1h:5m] / 1'],
    ["a{b='[[b]]'} offset $back", "a{b='GRAFANA_VARIABLE'} offset 5m"],
    ['label_replace(a, "b", "$1", "c", "(.*)")', 'label_replace(a, "b", "GRAFANA_VARIABLE", "c", "(.*)")'],
  ] as const) {
    t.is(withoutGrafanaVariables(expression), plain);
  }
});

const alert: Alert = {
  name: 'JobsFail',
  subject: 'own',
  severity: 'page',
  expression: 'sum by (job, queue) (rate(jobs_total{outcome="failure"}[5m])) > 1',
  forSeconds: 60,
  summary: 'Jobs of {{ $labels.queue }} fail',
  description: '{{ $value }} a second.',
  dashboard: 'overview',
  runbook: { meaning: 'Jobs fail.', query: 'jobs_total{outcome="failure"}', causes: [], actions: [] },
  tests: {
    fires: { series: { 'jobs_total{outcome="failure",queue="a"}': '0+600x20' }, atMinutes: 10 },
    quiet: { series: { 'wait_seconds_bucket{le="1",queue="a"}': '0x20' }, atMinutes: 10 },
  },
};

function check(own: Alert, queries: readonly PanelQuery[] = []): void {
  const groups = [{ name: 'own', file: 'alerts-own', rules: [own] }];
  const known = knownSeries(bundleSettings({ definitions }), groups, parse);
  checkExpressions(groups, queries, expressionReader(known, parse));
}

test('a valid alert, with its runbook, tests and panels, passes', (t) => {
  t.notThrows(() =>
    check(alert, [
      { dashboard: 'overview', panel: 'Jobs', expression: 'sum(rate(jobs_total[$__rate_interval]))' },
    ]),
  );
});

for (const [place, wrong] of [
  [
    /^Invalid monitoring bundle: alert `JobsFail` in prometheus\/rules\/alerts-own\.yml: .*The expression: jobs_totl$/,
    { ...alert, expression: 'jobs_totl', summary: '' },
  ],
  [
    /runbook of alert `JobsFail` in prometheus/,
    { ...alert, runbook: { ...alert.runbook, query: 'jobs_totl' } },
  ],
  [
    /test `fires` of alert `JobsFail` in prometheus/,
    { ...alert, tests: { ...alert.tests, fires: { series: { 'jobs_total{kind="a"}': '1' }, atMinutes: 1 } } },
  ],
  [
    /alert `JobsFail` in .*: `\{\{ \$labels\.provider \}\}`: expected one of job, queue, received "provider"/,
    { ...alert, summary: '{{ $labels.provider }}' },
  ],
] as const) {
  test(`the error says where the mistake is: ${place}`, (t) => {
    t.throws(() => check(wrong), {
      instanceOf: MetricsError,
      code: 'ERR_METRICS_INVALID_MONITORING',
      message: place,
    });
  });
}

test('one error lists every mistake, in rules and panels', (t) => {
  const error = t.throws(() =>
    check({ ...alert, expression: 'jobs_totl' }, [
      { dashboard: 'overview', panel: 'Jobs', expression: 'sum(' },
      { dashboard: 'overview', panel: 'Waiting', expression: 'jobs_waiting{queu="$queue"}' },
    ]),
  );
  t.is(error?.message.split('\n').length, 4);
  t.regex(error?.message ?? '', /^Invalid monitoring bundle, 3 problems:\n {2}- alert/);
  t.regex(error?.message ?? '', /panel `Waiting` of dashboard `overview`: label of `jobs_waiting`/);
});
