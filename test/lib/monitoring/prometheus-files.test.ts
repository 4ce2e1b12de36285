import test, { type ExecutionContext } from 'ava';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { metricsRecordingErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineGauge, defineHistogram, label } from '../../../lib/definition.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import type { BundleFile } from '../../../lib/monitoring/model.js';
import { prometheusFiles } from '../../../lib/monitoring/prometheus-files.js';
import { mostSamples, scrapeLimits } from '../../../lib/monitoring/scrape-limits.js';
import { type BundleOptions, bundleSettings } from '../../../lib/monitoring/settings.js';
import { startCommand } from '../../../lib/monitoring/start-commands.js';
import { MetricsRegistry } from '../../../lib/registry.js';
import { startMetricsServer } from '../../../middleware/metrics-server.js';
import { testWith } from '../../helpers/programs.js';
import { startPrometheus } from '../../helpers/prometheus.js';
import { runProgram } from '../../helpers/run-program.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';
import { writeFiles } from '../../helpers/write-files.js';

const ruleFile: BundleFile = {
  path: 'prometheus/rules/recording.yml',
  content: 'groups: [{ name: one, rules: [{ record: "job:up:sum", expr: "sum by (job) (up)" }] }]\n',
};

const filesFor = (options: BundleOptions = {}) => prometheusFiles(bundleSettings(options), [ruleFile]);
const contentOf = (files: readonly BundleFile[], path: string): string =>
  files.find((file) => file.path === path)?.content ?? '';

interface Configuration {
  readonly global: Record<string, unknown>;
  readonly rule_files: string[];
  readonly scrape_configs: { readonly job_name: string; readonly [key: string]: unknown }[];
  readonly [key: string]: unknown;
}
const configurationFor = (options: BundleOptions = {}): Configuration =>
  parse(contentOf(filesFor(options), 'prometheus/prometheus.yml')) as Configuration;

// ---- what is in it ------------------------------------------------------------------------------------------------

test('the service, Prometheus and Alertmanager are scraped every 15 seconds, and alerts go to Alertmanager', (t) => {
  const { global, rule_files, alerting, scrape_configs } = configurationFor();
  t.deepEqual(global, {
    scrape_interval: '15s',
    evaluation_interval: '15s',
    external_labels: { environment: 'development' },
  });
  t.deepEqual(rule_files, ['rules/*.yml']);
  t.deepEqual(alerting, { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:9093'] }] }] });
  t.deepEqual(
    scrape_configs.map(({ job_name, static_configs }) => [job_name, static_configs]),
    [
      ['tamma', [{ targets: ['127.0.0.1:9090'] }]],
      ['prometheus', [{ targets: ['127.0.0.1:9091'] }]],
      ['alertmanager', [{ targets: ['127.0.0.1:9093'] }]],
    ],
  );
});

test('the retention stands in the command that starts it', (t) => {
  t.is(
    startCommand(bundleSettings()),
    [
      'prometheus',
      '--config.file=prometheus/prometheus.yml',
      '--storage.tsdb.path=data/prometheus',
      '--storage.tsdb.retention.time=30d',
      '--web.listen-address=127.0.0.1:9091',
    ].join(' \\\n  '),
  );
  const files = filesFor({ config: { retentionDays: 7 } });
  t.regex(contentOf(files, 'prometheus/prometheus.yml'), /^# .*--storage\.tsdb\.retention\.time=7d /m);
});

test('a token file is named as given; a token itself is in no file, a placeholder stands for it', (t) => {
  const named = configurationFor({ config: { tokenFile: '/run/secrets/token' } }).scrape_configs[0];
  t.deepEqual(named?.authorization, { credentials_file: '/run/secrets/token' });

  const files = filesFor({ config: { token: 'sesame' } });
  t.false(files.some(({ content }) => content.includes('sesame')));
  t.true(files.find(({ path }) => path === 'prometheus/metrics-token')?.placeholder);
  t.regex(
    contentOf(files, 'prometheus/prometheus.yml'),
    /# METRICS_TOKEN .*\n\s+authorization:\n\s+credentials_file: metrics-token/,
  );
});

test('a Pushgateway is scraped with the labels of who pushed, and without the credentials of the pusher', (t) => {
  const files = filesFor({ config: { pushUrl: 'https://me:sesame@gateway.example/push' } });
  t.false(files.some(({ content }) => content.includes('sesame')));
  t.like((parse(contentOf(files, 'prometheus/prometheus.yml')) as Configuration).scrape_configs[3], {
    job_name: 'pushgateway',
    honor_labels: true,
    scheme: 'https',
    metrics_path: '/push/metrics',
    static_configs: [{ targets: ['gateway.example:443'] }],
  });
});

test('a store to write to is written to, and there is an agent that does nothing else', (t) => {
  const files = filesFor({
    remoteWriteUrl: 'https://store.example/push',
    remoteWriteTokenFile: 'store-token',
  });
  const written = [{ url: 'https://store.example/push', authorization: { credentials_file: 'store-token' } }];
  t.deepEqual((parse(contentOf(files, 'prometheus/prometheus.yml')) as Configuration).remote_write, written);
  const agent = parse(contentOf(files, 'prometheus/agent.yml')) as Configuration;
  t.deepEqual(agent.remote_write, written);
  t.deepEqual(Object.keys(agent), ['global', 'scrape_configs', 'remote_write']);
  t.deepEqual(
    filesFor().map(({ path }) => path),
    ['prometheus/prometheus.yml'],
  );
});

test('external labels come in one order, whatever order they are given in', (t) => {
  const one = filesFor({ externalLabels: { zone: 'a', cluster: 'b' } });
  const other = filesFor({ externalLabels: { cluster: 'b', zone: 'a' } });
  t.deepEqual(one, other);
  t.regex(
    contentOf(one, 'prometheus/prometheus.yml'),
    /cluster: b\n\s+environment: development\n\s+zone: a\n/,
  );
});

for (const [what, options, message] of [
  [
    'a service named as another job',
    { config: { service: 'prometheus' } },
    /Invalid name of the service .* received "prometheus"/,
  ],
  [
    'a target that is an address with a scheme',
    { targets: ['http://a:1'] },
    /`targets`.*`host:port`.*"http:\/\/a:1"/,
  ],
  ['no target', { targets: [] }, /`targets`.*one `host:port` at least, received \[\]/],
  [
    'an external label that Prometheus keeps',
    { externalLabels: { __name: 'x' } },
    /`externalLabels`.*"__name"/,
  ],
  [
    'a store that is no address',
    { remoteWriteUrl: 'mimir' },
    /`remoteWriteUrl`.*an http or https URL, received "mimir"/,
  ],
  [
    'a store with a password',
    { remoteWriteUrl: 'https://a:sesame@b' },
    /without credentials(?!.*sesame).*`remoteWriteTokenFile`/,
  ],
  ['a token for no store', { remoteWriteTokenFile: 'x' }, /`remoteWriteTokenFile`.*`remoteWriteUrl`/],
] satisfies [string, BundleOptions, RegExp][]) {
  test(`refused, with what was expected: ${what}`, (t) => {
    t.throws(() => filesFor(options), { code: 'ERR_METRICS_INVALID_MONITORING', message });
  });
}

// ---- the limits of a scrape ----------------------------------------------------------------------------------------

test('the sample limit is the sum of what each metric can have, with the arithmetic above it', (t) => {
  const { length } = bundleSettings().definitions;
  const before = scrapeLimits(bundleSettings()).samples;
  const own = [
    // Two values, one for the rest, and none: 4 series of 2 samples.
    defineCounter({ name: 'orders_total', help: 'Orders.', labels: { kind: label('a', 'b') } }),
    // 1,000 and a tenth, and 4 whose values are folded or absent: 1,104 series of 3 buckets and 4.
    defineHistogram({
      name: 'wait_seconds',
      help: 'Waits.',
      labels: { name: label(), zone: label() },
      buckets: [1, 2, 3],
    }),
    // 20,000, and 2; with one label there is nothing to keep beside what is folded.
    defineGauge({ name: 'rooms', help: 'Rooms.', labels: { name: label() }, maxSeries: 20_000 }),
  ];
  const settings = bundleSettings({ definitions: own });
  const { samples, arithmetic } = scrapeLimits(settings);
  const added = 4 * 2 + 1_104 * 7 + 20_002;
  t.is(settings.definitions.length, length + 3);
  t.true(Math.abs(samples - before - added) <= 2_000, `${samples - before} is about ${added}`);
  const text = contentOf(filesFor({ definitions: own }), 'prometheus/prometheus.yml');
  for (const line of arithmetic.split('\n')) t.true(text.includes(`# ${line}`), line);
});

test('a budget that no target should use up is capped, and the comment says so', (t) => {
  const { samples, arithmetic } = scrapeLimits(bundleSettings({ config: { maxSeries: 100_000 } }));
  t.is(samples, mostSamples);
  t.regex(arithmetic, /more than is taken from one target: the limit is 1000000\./);
});

test('a registry that is full, and more than full, stays within the limits, and comes near them', async (t) => {
  const { registry, limits } = fullRegistry();
  const text = await exposition(t, registry);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.true(samples.length <= limits.samples, `${samples.length} of ${limits.samples}`);
  t.true(samples.length > 0.6 * limits.samples, `${samples.length} of ${limits.samples}`);
});

test('the default metrics of Node fit what is kept free for them', async (t) => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  t.teardown(() => register.clear());
  const lines = (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.true(lines.length > 20 && lines.length <= 500, `${lines.length}`);
});

testWith(
  ['prometheus'],
  'a real Prometheus takes the full registry with these limits',
  async (t, { prometheus }) => {
    const { registry, limits } = fullRegistry();
    const server = await startMetricsServer({ port: 0, host: '127.0.0.1' }, { registry });
    t.teardown(() => server.close());
    const own = await startPrometheus({
      program: prometheus,
      target: `${server.url}/metrics`,
      scrapeIntervalSeconds: 1,
      job: [
        `    sample_limit: ${limits.samples}`,
        `    label_limit: ${limits.labels}`,
        `    label_name_length_limit: ${limits.labelNameLength}`,
        `    label_value_length_limit: ${limits.labelValueLength}`,
        '',
      ].join('\n'),
    });
    t.teardown(() => own.stop());
    const scraped = await until('a scrape', async () => {
      const [result] = await own.query('scrape_samples_scraped{job="tamma"} > 1000');
      return result?.value;
    });
    t.true(scraped <= limits.samples, `${scraped} of ${limits.samples}`);
    t.is((await own.query('up{job="tamma"}'))[0]?.value, 1);
  },
);

/** Every metric of the catalogue, with far more label values than its budget has room for. */
function fullRegistry() {
  const maxSeries = 30;
  const settings = bundleSettings({ config: { maxSeries } });
  const registry = new MetricsRegistry({ maxSeries, onWarning: () => {} });
  // What has the names of metrics for values fills itself as far as it can.
  const metrics = settings.definitions.filter(
    ({ name }) => !name.startsWith('metrics_') || name === metricsRecordingErrors.name,
  );
  for (const definition of metrics) {
    const labels = Object.entries(definition.labels);
    const instrument = registry.instrument(definition);
    for (let each = 0; each < 400 + (definition.maxSeries ?? maxSeries) * 1.5; each++) {
      const values = labels.map(([, { values: closed }], index) => {
        const turn = Math.floor(each / 3 ** index);
        if (each < 200 && (each % 2 ** labels.length) >> index === 0) return '';
        return closed === undefined ? `value-${turn}` : [...closed, 'x'][turn % (closed.length + 1)];
      });
      const given = Object.fromEntries(labels.map(([name], index) => [name, values[index] ?? '']));
      if ('observe' in instrument) instrument.observe(given, 1);
      else instrument.inc(given, 1);
    }
  }
  return { registry, limits: scrapeLimits(settings) };
}

async function exposition(t: ExecutionContext, registry: MetricsRegistry): Promise<string> {
  const server = await startMetricsServer({ port: 0, host: '127.0.0.1' }, { registry });
  t.teardown(() => server.close());
  const answer = await fetch(`${server.url}/metrics`, { headers: { accept: openMetricsFormat.contentType } });
  return answer.text();
}

// ---- the real promtool -----------------------------------------------------------------------------------------------

for (const [what, options] of [
  ['defaults', {}],
  [
    'everything that can be set',
    {
      config: {
        token: 'sesame',
        pushUrl: 'http://127.0.0.1:9092',
        path: '/internal/metrics',
        service: 'agent',
      },
      targets: ['127.0.0.1:9464', '[::1]:9464'],
      target: '3',
      intervals: { scrapeSeconds: 0.5, evaluationSeconds: 2 },
      externalLabels: { cluster: 'eu' },
    },
  ],
] satisfies [string, BundleOptions][]) {
  testWith(['promtool'], `promtool takes the configuration, with ${what}`, async (t, { promtool }) => {
    const folder = await temporaryFolder(t);
    await writeFiles(folder, [...filesFor(options), ruleFile]);
    const { code, output } = await runProgram(promtool, [
      'check',
      'config',
      `${folder}/prometheus/prometheus.yml`,
    ]);
    t.is(code, 0, output);
    t.regex(output, /SUCCESS: 1 rule files found/);
    t.regex(output, /recording\.yml\n\s*SUCCESS: 1 rules found/);
  });
}

testWith(['promtool'], 'promtool takes the configuration of the agent as one', async (t, { promtool }) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, filesFor({ remoteWriteUrl: 'http://127.0.0.1:9009/api/v1/push' }));
  const { code, output } = await runProgram(promtool, [
    'check',
    'config',
    '--agent',
    `${folder}/prometheus/agent.yml`,
  ]);
  t.is(code, 0, output);
});
