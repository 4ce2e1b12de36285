/** `MetricsConfig`: an object in the shape of the story, and the effect of each field. */
import {
  createMetrics,
  defaultMetricsConfig,
  loadMetricsConfig,
  type MetricsConfig,
} from '@tamma/observability';
import { generateBundle } from '@tamma/observability/monitoring';
import { createTestRegistry } from '@tamma/observability/testing';
import test, { type ExecutionContext } from 'ava';
import { freePort } from '../helpers/free-port.js';
import { startRecordingGateway } from '../helpers/recording-gateway.js';
import { scrapedLines } from './scraped-lines.js';

const config: MetricsConfig = {
  enabled: true,
  endpoint: '127.0.0.1',
  port: 0,
  path: '/internal/metrics',
  labels: { service: 'agents', version: '1.2.3', environment: 'staging', region: 'eu' },
  buckets: { duration: [1, 60, 3600], size: [1000, 1_000_000], throughput: [5, 50] },
  retention: { metrics: 7, samples: 500 },
};

function metricsOf(settings: MetricsConfig) {
  const quiet = { defaultMetrics: false, fetch: false, signals: false, drainSeconds: 0 } as const;
  return createMetrics(settings, { registry: createTestRegistry(), ...quiet });
}

async function started(t: ExecutionContext, settings: MetricsConfig) {
  const metrics = metricsOf(settings);
  await metrics.start();
  t.teardown(() => metrics.stop());
  return metrics;
}

test('enabled: the response to a scrape is 404 with false, and 200 with true', async (t) => {
  const [on, off] = [await started(t, config), await started(t, { ...config, enabled: false })];
  t.is((await fetch(`${on.url}/internal/metrics`)).status, 200);
  t.is((await fetch(`${off.url}/internal/metrics`)).status, 404);
});

test('endpoint, port and path set where the metrics are served', async (t) => {
  const port = await freePort();
  const { url, config: settings } = await started(t, { ...config, port });
  t.is(url, `http://127.0.0.1:${port}`);
  t.is((await fetch(`${url}/internal/metrics`)).status, 200);
  t.is((await fetch(`${url}/metrics`)).status, 404);
  t.like(settings, { endpoint: '127.0.0.1', port, path: '/internal/metrics' });
});

test('labels are added to every pushed series', async (t) => {
  const gateway = await startRecordingGateway();
  t.teardown(gateway.close);
  const metrics = metricsOf({ ...config, pushUrl: gateway.url });
  await metrics.start();
  metrics.platform.recordWebhookReceived('github', 'issues.opened');
  await metrics.stop();
  const [line] = (gateway.received.at(-1)?.text ?? '').match(/^webhooks_received_total\{.*$/m) ?? [];
  t.is(
    line,
    'webhooks_received_total{platform="github",event_type="issues.opened",service="agents",version="1.2.3",environment="staging",region="eu"} 1',
  );
});

test('buckets: duration and size apply to histograms of the catalogue, throughput to rates', async (t) => {
  const { collector } = metricsOf(config);
  const bounds = async (name: string) =>
    (await scrapedLines(collector, `${name}_bucket`)).map((line) => Number(/le="(.*?)"/.exec(line)?.[1]));
  collector.observeHistogram('workflow_completion_duration_seconds', 5);
  t.deepEqual((await bounds('workflow_completion_duration_seconds')).slice(0, -1), config.buckets.duration);
  collector.observeHistogram('http_server_response_size_bytes', 5);
  t.deepEqual((await bounds('http_server_response_size_bytes')).slice(0, -1), config.buckets.size);
  collector.register({ name: 'patch_size_bytes', type: 'histogram', help: 'Size of a patch.' });
  collector.observeHistogram('patch_size_bytes', 5);
  t.deepEqual((await bounds('patch_size_bytes')).slice(0, -1), config.buckets.size);
  collector.registerHistogram('tokens_per_second', 'Speed of a reply.');
  collector.observeHistogram('tokens_per_second', 5);
  t.deepEqual((await bounds('tokens_per_second')).slice(0, -1), config.buckets.throughput);
});

test('retention: metrics sets the days that Prometheus keeps metrics, in the bundle', async (t) => {
  const { files } = await generateBundle({ config });
  const readme = files.find(({ path }) => path === 'README.md')?.content ?? '';
  t.regex(readme, /--storage\.tsdb\.retention\.time=7d/);
});

test('retention: samples is a setting of the service', (t) => {
  t.is(metricsOf(config).config.retention.samples, 500);
});

test('defaultMetricsConfig has every field, with the defaults of an empty environment', (t) => {
  const defaults: MetricsConfig = defaultMetricsConfig;
  t.like(defaults, {
    enabled: true,
    endpoint: '0.0.0.0',
    port: 9090,
    path: '/metrics',
    labels: { service: 'tamma', version: 'unknown', environment: 'development' },
    buckets: {
      duration: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600],
      size: [1, 4, 16, 64, 256, 1024, 4096, 16384].map((kibibytes) => kibibytes * 1024),
      throughput: [0.1, 0.5, 1, 5, 10, 50, 100, 500, 1000],
    },
    retention: { metrics: 30, samples: 10_000 },
  });
});

test('loadMetricsConfig reads the seven variables of the story', (t) => {
  t.like(
    loadMetricsConfig({
      METRICS_ENABLED: 'false',
      METRICS_ENDPOINT: '127.0.0.1',
      METRICS_PORT: '9100',
      METRICS_PATH: '/internal/metrics',
      SERVICE_NAME: 'agents',
      APP_VERSION: '1.2.3',
      NODE_ENV: 'production',
    }),
    {
      enabled: false,
      endpoint: '127.0.0.1',
      port: 9100,
      path: '/internal/metrics',
      labels: { service: 'agents', version: '1.2.3', environment: 'production' },
    },
  );
});

test('a copy of the defaults with a field replaced is a config', (t) => {
  const own: MetricsConfig = { ...defaultMetricsConfig, labels: { service: 'agents' }, port: 9100 };
  t.like(metricsOf(own).config, {
    port: 9100,
    labels: { service: 'agents', version: 'unknown', environment: 'development' },
  });
});
