/** The whole bundle: the same options give the same bytes, and mistakes are reported. */
import test from 'ava';
import { defineCounter } from '../../../lib/define.js';
import { MetricsError } from '../../../lib/errors.js';
import { label } from '../../../lib/label.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import { bundleReadme } from '../../../lib/monitoring/bundle-readme.js';
import type { Alert } from '../../../lib/monitoring/model.js';
import { bundleSettings } from '../../../lib/monitoring/settings.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label('success', 'failure') },
});

const jobsFail: Alert = {
  name: 'JobsFail',
  subject: 'own',
  severity: 'page',
  expression: 'sum by (job, queue) (rate(jobs_total{job="tamma",outcome="failure"}[5m])) > 1',
  forSeconds: 60,
  summary: 'Jobs of {{ $labels.queue }} fail',
  description: '{{ $value | humanize }} a second fail.',
  dashboard: 'overview',
  runbook: {
    meaning: 'Jobs fail.',
    query: 'jobs_total{outcome="failure"}',
    causes: ['A bug.'],
    actions: ['Fix it.'],
  },
  tests: {
    fires: {
      series: { 'jobs_total{job="tamma",outcome="failure",queue="a"}': '0+600x20' },
      atMinutes: 10,
      labels: [{ job: 'tamma', queue: 'a' }],
    },
    quiet: { series: { 'jobs_total{job="tamma",outcome="failure",queue="a"}': '0x20' }, atMinutes: 10 },
  },
};

test('the same options give the same bytes', async (t) => {
  const options = { definitions: [jobs], alerts: [jobsFail] };
  const one = await generateBundle(options);
  const before = process.cpuUsage();
  const other = await generateBundle(options);
  const { user, system } = process.cpuUsage(before);
  t.log(`CPU time of a generation after the first: ${Math.round((user + system) / 1_000)} ms`);
  t.deepEqual(one, other);
  const paths = one.files.map(({ path }) => path);
  t.deepEqual(paths, [...new Set(paths)].sort());
  t.true(paths.includes('README.md') && paths.includes('COVERAGE.md'));
  for (const { path, content } of one.files) t.regex(content, /\n$/, path);
});

test("the README has the commands to check and start the bundle, with the options' values", (t) => {
  const settings = bundleSettings({
    config: { service: 'mine', port: 8_080, retentionDays: 45 },
    alertmanager: 'alerts.example:9093',
  });
  const { content } = bundleReadme(settings, [{ path: 'prometheus/tests/slo.test.yml', content: '' }]);
  t.regex(content, /^# Monitoring of mine$/m);
  t.regex(content, /^Prometheus scrapes `127\.0\.0\.1:8080\/metrics` every 15 s .* for 45 days /m);
  t.regex(content, /, Alertmanager at http:\/\/alerts\.example:9093\.$/m);
  const commands = content.split('\n').filter((line) => line.startsWith('    '));
  t.deepEqual(
    commands.map((line) => line.slice(4)),
    [
      'promtool check config prometheus/prometheus.yml',
      'promtool check rules --lint=all --lint-fatal prometheus/rules/*.yml',
      'promtool test rules prometheus/tests/*.test.yml',
      'amtool check-config alertmanager/alertmanager.yml',
      'npx tamma-metrics up --dir .',
      'prometheus \\',
      '  --config.file=prometheus/prometheus.yml \\',
      '  --storage.tsdb.path=data/prometheus \\',
      '  --storage.tsdb.retention.time=45d \\',
      '  --web.listen-address=127.0.0.1:9090',
      'alertmanager \\',
      '  --config.file=alertmanager.yml \\',
      '  --storage.path=../data/alertmanager \\',
      '  --web.listen-address=alerts.example:9093 \\',
      '  --cluster.listen-address=',
    ],
  );
});

test('a record that reads an undefined metric is reported with its file and the nearest name', async (t) => {
  await t.throwsAsync(
    generateBundle({
      definitions: [jobs],
      recordingRules: [{ record: 'job:jobs:rate5m', expression: 'sum by (job) (rate(job_total[5m]))' }],
    }),
    {
      instanceOf: MetricsError,
      code: 'ERR_METRICS_INVALID_MONITORING',
      message:
        /^Invalid monitoring bundle: record `job:jobs:rate5m` in prometheus\/rules\/recording\.yml: .* received "job_total"\. Did you mean `jobs_total`\? The expression: sum by/,
    },
  );
});

for (const [what, wrong, message] of [
  [
    'an object as `alerts`',
    { alerts: {} },
    /`alerts` in the monitoring bundle: expected an array, received an object/,
  ],
  [
    'no tests',
    { alerts: [{ ...jobsFail, tests: undefined }] },
    /`tests` of alert `JobsFail` .* expected \{ fires, quiet \}/,
  ],
  [
    'only one test',
    { alerts: [{ ...jobsFail, tests: { fires: jobsFail.tests.fires } }] },
    /`tests\.quiet` of alert `JobsFail`/,
  ],
  ['no runbook', { alerts: [{ ...jobsFail, runbook: undefined }] }, /`runbook` of alert `JobsFail`/],
  [
    'an unknown severity',
    { alerts: [{ ...jobsFail, severity: 'critical' }] },
    /expected one of page, ticket, info, none, received "critical"/,
  ],
  [
    'an unknown dashboard',
    { alerts: [{ ...jobsFail, dashboard: 'mine' }] },
    /`dashboard` of alert `JobsFail`/,
  ],
  [
    'an invalid duration',
    { alerts: [{ ...jobsFail, forSeconds: '5m' }] },
    /expected seconds, 0 or more, received "5m"/,
  ],
  ['no name', { alerts: [{}] }, /`name` of an alert/],
  [
    'a record named like a metric',
    { recordingRules: [{ record: 'jobs_total', expression: '1' }] },
    /expected a name that no metric has, received "jobs_total"/,
  ],
  [
    'a record without an expression',
    { recordingRules: [{ record: 'job:x:sum' }] },
    /`expression` of record `job:x:sum`/,
  ],
] as const) {
  test(`options with ${what} are invalid`, async (t) => {
    await t.throwsAsync(generateBundle({ definitions: [jobs], ...(wrong as object) }), {
      instanceOf: MetricsError,
      code: 'ERR_METRICS_INVALID_MONITORING',
      message,
    });
  });
}

test('the default bundle covers every metric of the catalogue and every alert', async (t) => {
  t.deepEqual((await generateBundle()).warnings, []);
});

test("a user's own definition and alert appear in rules, tests, runbooks, coverage and dashboards", async (t) => {
  const own = await generateBundle({ definitions: [jobs], alerts: [jobsFail] });
  t.deepEqual(own.warnings, []);
  for (const folder of ['prometheus/rules/', 'prometheus/tests/', 'runbooks/', 'COVERAGE.md'])
    t.true(
      own.files.some(({ path, content }) => path.startsWith(folder) && content.includes('JobsFail')),
      folder,
    );
  t.true(
    own.files.some(({ path, content }) => path.startsWith('grafana/') && content.includes('jobs_total')),
  );
});
