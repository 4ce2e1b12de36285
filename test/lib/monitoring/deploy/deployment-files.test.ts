import test from 'ava';
import { parse } from 'yaml';
import { catalogue } from '../../../../lib/catalogue/catalogue.js';
import { alertmanagerFiles } from '../../../../lib/monitoring/alertmanager/alertmanager-files.js';
import { deploymentFiles } from '../../../../lib/monitoring/deploy/deployment-files.js';
import { scrapeLimits } from '../../../../lib/monitoring/prometheus/scrape-limits.js';
import { bundleSettings } from '../../../../lib/monitoring/settings.js';
import {
  cases,
  composeFor,
  contentOf,
  filesFor,
  group,
  manifests,
  rules,
} from '../../../helpers/deployments.js';

// ---- docker-compose ------------------------------------------------------------------------------------------------

test("with loopback addresses, the containers use the host's network", (t) => {
  const { services } = composeFor({ config: { retentionDays: 7 } });
  t.deepEqual(Object.keys(services), ['prometheus', 'alertmanager', 'grafana']);
  for (const service of Object.values(services)) t.is(service.network_mode, 'host');
  t.deepEqual(services.prometheus?.command, [
    '--config.file=/etc/prometheus/prometheus.yml',
    '--storage.tsdb.path=/prometheus',
    '--storage.tsdb.retention.time=7d',
    '--web.listen-address=127.0.0.1:9091',
  ]);
  t.is(services.prometheus?.image, 'prom/prometheus:v2.42.0');
  t.is(services.alertmanager?.working_dir, '/etc/alertmanager');
});

test('with host names, the containers have their own network with these names', (t) => {
  const { services } = composeFor(cases[1]?.[1]);
  t.deepEqual(Object.keys(services), ['prometheus', 'alertmanager', 'grafana', 'pushgateway']);
  t.like(services.prometheus, {
    image: 'prom/prometheus:v3.5.0',
    networks: { default: { aliases: ['prometheus'] } },
    ports: ['127.0.0.1:9090:9090'],
  });
  t.like(services.prometheus?.command, { 3: '--web.listen-address=0.0.0.0:9090' });
  t.like(services.prometheus?.volumes, { 2: '/run/secrets/token:/run/secrets/token:ro' });
  t.deepEqual(services.pushgateway?.command, ['--web.listen-address=0.0.0.0:9092']);
});

// ---- Kubernetes ------------------------------------------------------------------------------------------------------

test('the operator scrapes with the path, interval, job, limits and token of prometheus.yml', (t) => {
  const options = { config: { service: 'My Agent', token: 'sesame', path: '/internal/metrics' } };
  const files = filesFor(options);
  t.false(files.some(({ content }) => content.includes('sesame')));
  const limits = scrapeLimits(bundleSettings(options));
  const monitor = manifests(files).find(
    ({ kind, metadata }) => kind === 'ServiceMonitor' && metadata.name === 'my-agent',
  );
  t.like(monitor?.spec, {
    endpoints: [
      {
        port: 'metrics',
        path: '/internal/metrics',
        interval: '15s',
        authorization: { type: 'Bearer', credentials: { name: 'my-agent-metrics-token', key: 'token' } },
        relabelings: [{ targetLabel: 'job', replacement: 'My Agent' }],
      },
    ],
    sampleLimit: limits.samples,
    labelLimit: limits.labels,
  });
});

test('the metrics port of the service is probed and scraped', (t) => {
  const all = manifests(filesFor());
  const deployment = all.find(({ kind }) => kind === 'Deployment') as unknown as {
    spec: { template: { metadata: { labels: object }; spec: { containers: Record<string, unknown>[] } } };
  };
  const [container] = deployment.spec.template.spec.containers;
  t.like(container, {
    ports: [{ name: 'metrics', containerPort: 9090 }],
    livenessProbe: { httpGet: { path: '/livez', port: 'metrics' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' } },
  });
  const service = all.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'tamma');
  const monitor = all.find(({ kind, metadata }) => kind === 'ServiceMonitor' && metadata.name === 'tamma');
  const { labels } = deployment.spec.template.metadata;
  t.like(service?.spec, { selector: labels, ports: [{ name: 'metrics', port: 9090 }] });
  t.like(monitor?.spec, { selector: { matchLabels: labels } });
});

test('labels of the operator replace no labels of metrics, and its volumes are writable', (t) => {
  const all = manifests(filesFor());
  const monitor = all.find(({ kind, metadata }) => kind === 'ServiceMonitor' && metadata.name === 'tamma');
  const { endpoints } = (monitor?.spec ?? {}) as {
    endpoints?: readonly { relabelings: readonly { action?: string; regex?: string }[] }[];
  };
  const dropped = endpoints
    ?.flatMap(({ relabelings }) => relabelings)
    .filter(({ action }) => action === 'labeldrop')
    .map(({ regex }) => regex);
  const added = ['namespace', 'service', 'pod', 'container', 'endpoint'];
  const own = new Set(Object.values(catalogue).flatMap(({ labels }) => Object.keys(labels)));
  t.deepEqual(
    dropped,
    added.filter((label) => own.has(label)),
  );
  const prometheus = all.find(({ kind }) => kind === 'Prometheus');
  t.like(prometheus?.spec, { securityContext: { fsGroup: 65_534, runAsUser: 65_534 } });
});

test('there is one PrometheusRule per rule file, with its groups', (t) => {
  const found = manifests(filesFor()).filter(({ kind }) => kind === 'PrometheusRule');
  t.deepEqual(
    found.map(({ metadata, spec }) => [metadata.name, spec]),
    [
      ['tamma-alerts-http', parse(rules('up == 0'))],
      ['tamma-slo', parse(rules('up == 1'))],
    ],
  );
});

test('Prometheus has the retention, and Alertmanager the configuration of the bundle', (t) => {
  const all = manifests(filesFor({ config: { retentionDays: 90 } }));
  t.like(all.find(({ kind }) => kind === 'Prometheus')?.spec, { retention: '90d', scrapeInterval: '15s' });
  t.like(
    all.find(({ kind }) => kind === 'ConfigMap'),
    {
      data: {
        'alertmanager.yml': contentOf(alertmanagerFiles(bundleSettings()), 'alertmanager/alertmanager.yml'),
      },
    },
  );
});

test('the same settings give the same bytes', (t) => {
  t.deepEqual(filesFor(cases[1]?.[1]), filesFor(cases[1]?.[1]));
});

test('a rule group without its file is an error that names both', (t) => {
  t.throws(() => deploymentFiles(bundleSettings(), [group], []), {
    code: 'ERR_METRICS_INVALID_MONITORING',
    message: /rule group `g`.*"alerts-http"/,
  });
});

test('Prometheus 3 enables the feature for _created if the service exposes it', (t) => {
  const files = filesFor({ target: '3', createdSamples: true });
  const prometheus = manifests(files).find(({ kind }) => kind === 'Prometheus');
  t.like(prometheus, { spec: { enableFeatures: ['created-timestamp-zero-ingestion'] } });
  t.regex(contentOf(files, 'deploy/docker-compose.yml'), /--enable-feature=created-timestamp-zero-ingestion/);
});
