/** The whole bundle: the same bytes for the same options; what does not fit the definitions is refused. */
import test from 'ava';
import { defineCounter, label } from '../../../lib/definition.js';
import { MetricsError } from '../../../lib/errors.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import type { Alert } from '../../../lib/monitoring/model.js';

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
  dashboard: 'tamma-overview',
  runbook: {
    meaning: 'Jobs fail.',
    query: 'jobs_total{outcome="failure"}',
    causes: ['A bug.'],
    actions: ['Mend it.'],
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

test('two generations of the same options are equal, byte for byte', async (t) => {
  const options = { definitions: [jobs], alerts: [jobsFail] };
  const [one, other] = [await generateBundle(options), await generateBundle(options)];
  t.deepEqual(one, other);
  const paths = one.files.map(({ path }) => path);
  t.deepEqual(paths, [...new Set(paths)].sort());
  t.true(paths.includes('README.md') && paths.includes('COVERAGE.md'));
  for (const { path, content } of one.files) t.regex(content, /\n$/, path);
});

test('its README has the commands, with the ports and the retention of the options', async (t) => {
  const { files } = await generateBundle({
    config: { service: 'mine', port: 8_080, retentionDays: 45 },
    alertmanager: 'alerts.example:9093',
  });
  const readme = files.find(({ path }) => path === 'README.md')?.content ?? '';
  for (const expected of [
    '# Monitoring of mine',
    '127.0.0.1:8080/metrics',
    'promtool check rules --lint=all --lint-fatal prometheus/rules/*.yml',
    'amtool check-config alertmanager/alertmanager.yml',
    '--storage.tsdb.retention.time=45d',
    '--web.listen-address=127.0.0.1:9090',
    'npx tamma-metrics up --dir .',
    'Alertmanager at http://alerts.example:9093.',
  ])
    t.true(readme.includes(expected), expected);
});

test('a record that reads a metric nobody defined is refused, with the place and the nearest', async (t) => {
  await t.throwsAsync(
    generateBundle({
      definitions: [jobs],
      recordingRules: [{ record: 'job:jobs:rate5m', expression: 'sum by (job) (rate(job_total[5m]))' }],
    }),
    {
      instanceOf: MetricsError,
      code: 'ERR_METRICS_INVALID_MONITORING',
      message:
        /^Invalid monitoring bundle: record `job:jobs:rate5m` in prometheus\/rules\/recording\.yml: .* received "job_total"; did you mean `jobs_total`\?\. The expression: sum by/,
    },
  );
});

for (const [what, wrong, message] of [
  ['no list', { alerts: {} }, /`alerts` in the monitoring bundle: expected an array, received an object/],
  [
    'no tests',
    { alerts: [{ ...jobsFail, tests: undefined }] },
    /`tests` of alert `JobsFail` .* expected \{ fires, quiet \}/,
  ],
  [
    'half the tests',
    { alerts: [{ ...jobsFail, tests: { fires: jobsFail.tests.fires } }] },
    /`tests\.quiet` of alert `JobsFail`/,
  ],
  ['no runbook', { alerts: [{ ...jobsFail, runbook: undefined }] }, /`runbook` of alert `JobsFail`/],
  [
    'another severity',
    { alerts: [{ ...jobsFail, severity: 'critical' }] },
    /expected one of page, ticket, info, none, received "critical"/,
  ],
  ['another dashboard', { alerts: [{ ...jobsFail, dashboard: 'mine' }] }, /`dashboard` of alert `JobsFail`/],
  [
    'no duration',
    { alerts: [{ ...jobsFail, forSeconds: '5m' }] },
    /expected seconds, 0 or more, received "5m"/,
  ],
  ['no name', { alerts: [{}] }, /`name` of an alert/],
  [
    'a record named as a metric',
    { recordingRules: [{ record: 'jobs_total', expression: '1' }] },
    /expected a name that no metric has, received "jobs_total"/,
  ],
  [
    'a record without an expression',
    { recordingRules: [{ record: 'job:x:sum' }] },
    /`expression` of record `job:x:sum`/,
  ],
] as const) {
  test(`a file of options with ${what} is told of`, async (t) => {
    await t.throwsAsync(generateBundle({ definitions: [jobs], ...(wrong as object) }), {
      instanceOf: MetricsError,
      code: 'ERR_METRICS_INVALID_MONITORING',
      message,
    });
  });
}

test('every metric of the catalogue and every alert is looked at', async (t) => {
  t.deepEqual((await generateBundle()).warnings, []);
});

test("a user's own definition and alert come out in rules, tests, runbooks and boards", async (t) => {
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
