import test, { type ExecutionContext } from 'ava';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { defineCounter, defineGauge, defineHistogram } from '../../../../lib/define.js';
import { openMetricsFormat } from '../../../../lib/exposition/open-metrics.js';
import { HealthChecks } from '../../../../lib/health.js';
import { label } from '../../../../lib/label.js';
import { bundleParts } from '../../../../lib/monitoring/bundle-parts.js';
import { startCommand } from '../../../../lib/monitoring/deploy/start-commands.js';
import type { BundleFile } from '../../../../lib/monitoring/model.js';
import { maxSamples, scrapeLimits } from '../../../../lib/monitoring/prometheus/scrape-limits.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import type { MetricsRegistry } from '../../../../lib/registry.js';
import { startMetricsServer } from '../../../../middleware/metrics-server.js';
import { filesFor, fullRegistry } from '../../../helpers/full-registry.js';

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

test('service, Prometheus and Alertmanager are scraped every 15 s, alerts go to Alertmanager', (t) => {
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

test('the start command contains the retention', (t) => {
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

test('Prometheus 3 starts with the feature for _created if the service exposes it', (t) => {
  const flag = /--enable-feature=created-timestamp-zero-ingestion/;
  t.regex(startCommand(bundleSettings({ target: '3', createdSamples: true })), flag);
  t.notRegex(startCommand(bundleSettings({ target: '2.42', createdSamples: true })), flag);
  t.notRegex(startCommand(bundleSettings({ target: '3' })), flag);
});

test('a token file is named as given; a token itself is replaced by a placeholder file', (t) => {
  const named = configurationFor({ config: { tokenFile: '/run/secrets/token' } }).scrape_configs[0];
  t.deepEqual(named?.authorization, { credentials_file: '/run/secrets/token' });

  const files = filesFor({ config: { token: 'sesame' } });
  t.false(files.some(({ content }) => content.includes('sesame')));
  t.true(files.find(({ path }) => path === 'prometheus/metrics-token')?.placeholder);
  t.regex(
    contentOf(files, 'prometheus/prometheus.yml'),
    /# No file .* METRICS_TOKEN.*\n\s+authorization:\n\s+credentials_file: metrics-token/,
  );
});

test('a Pushgateway is scraped with the pushed labels and without credentials', (t) => {
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

test('`remoteWriteUrl` adds remote write and the configuration of an agent', (t) => {
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

test('external labels are sorted', (t) => {
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
    'a service named like another job',
    { config: { service: 'prometheus' } },
    /Invalid name of the service .* received "prometheus"/,
  ],
  ['a target with a scheme', { targets: ['http://a:1'] }, /`targets`.*`host:port`.*"http:\/\/a:1"/],
  ['an empty list of targets', { targets: [] }, /`targets`.*at least one `host:port`, received \[\]/],
  ['a reserved external label', { externalLabels: { __name: 'x' } }, /`externalLabels`.*"__name"/],
  [
    'a store that is not a URL',
    { remoteWriteUrl: 'mimir' },
    /`remoteWriteUrl`.*an http or https URL, received "mimir"/,
  ],
  [
    'a store with a password',
    { remoteWriteUrl: 'https://a:sesame@b' },
    /without credentials(?!.*sesame).*`remoteWriteTokenFile`/,
  ],
  ['a token without a store', { remoteWriteTokenFile: 'x' }, /`remoteWriteTokenFile`.*`remoteWriteUrl`/],
] satisfies [string, BundleOptions, RegExp][]) {
  test(`${what} is reported with what was expected`, (t) => {
    t.throws(() => filesFor(options), { code: 'ERR_METRICS_INVALID_MONITORING', message });
  });
}

test('the sample limit is the sum over all metrics, and a comment shows the calculation', (t) => {
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
  const settings = bundleSettings({ include: bundleParts, definitions: own });
  const { samples, arithmetic } = scrapeLimits(settings);
  const added = 4 * 2 + 1_104 * 7 + 20_002;
  t.is(settings.definitions.length, length + 3);
  t.true(Math.abs(samples - before - added) <= 2_000, `${samples - before} is about ${added}`);
  const text = contentOf(filesFor({ include: bundleParts, definitions: own }), 'prometheus/prometheus.yml');
  for (const line of arithmetic.split('\n')) t.true(text.includes(`# ${line}`), line);
});

test('a sample limit above the maximum is capped, and the comment says so', (t) => {
  const { samples, arithmetic } = scrapeLimits(bundleSettings({ config: { maxSeries: 100_000 } }));
  t.is(samples, maxSamples);
  t.regex(arithmetic, /more than one target may have: the limit is 1000000\./);
});

test('a registry beyond its budgets stays within the limits and comes close to them', async (t) => {
  const { registry, limits } = fullRegistry();
  const text = await exposition(t, registry);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.true(samples.length <= limits.samples, `${samples.length} of ${limits.samples}`);
  t.true(samples.length > 0.6 * limits.samples, `${samples.length} of ${limits.samples}`);
});

test('the default metrics of Node fit the space reserved for them', async (t) => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  t.teardown(() => register.clear());
  const lines = (await register.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.true(lines.length > 20 && lines.length <= 500, `${lines.length}`);
});

async function exposition(t: ExecutionContext, registry: MetricsRegistry): Promise<string> {
  const checks = new HealthChecks({ registry });
  const server = await startMetricsServer(
    { port: 0, host: '127.0.0.1' },
    { registry, checks, createdSamples: true },
  );
  t.teardown(() => server.close());
  const answer = await fetch(`${server.url}/metrics`, { headers: { accept: openMetricsFormat.contentType } });
  return answer.text();
}
