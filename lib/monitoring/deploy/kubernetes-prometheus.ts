/** Prometheus in Kubernetes by its operator: what is scraped, the rules, and a Prometheus with the retention. */
import { parse } from 'yaml';
import type { BundleFile } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { images } from './images.js';
import { labelsOf, nameInKubernetes, tokenSecret } from './kubernetes-names.js';
import { features, retention } from './start-commands.js';

type YamlMap = Readonly<Record<string, unknown>>;

const api = 'monitoring.coreos.com/v1';

/** `deploy/kubernetes/prometheus.yml`: ServiceMonitors, and a Prometheus that takes them and the rules of this namespace. */
export function kubernetesPrometheus(settings: BundleSettings): BundleFile {
  const name = nameInKubernetes(settings);
  return yamlFile(
    'deploy/kubernetes/prometheus.yml',
    [
      serviceMonitor(settings),
      otherMonitor(settings, 'prometheus', 'web', { 'operated-prometheus': 'true' }),
      otherMonitor(settings, 'alertmanager', 'web', labelsOf(settings, 'alertmanager')),
      prometheus(settings),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: `${name}-prometheus` } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: `${name}-prometheus` },
        rules: [
          { apiGroups: [''], resources: ['services', 'endpoints', 'pods'], verbs: ['get', 'list', 'watch'] },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: `${name}-prometheus` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `${name}-prometheus` },
        subjects: [{ kind: 'ServiceAccount', name: `${name}-prometheus` }],
      },
    ],
    {
      about:
        "For the Prometheus operator. Where there is a Prometheus already, it needs the ServiceMonitors and the rules only.\nEverything is looked for in one namespace, that of kubectl's context.",
    },
  );
}

/**
 * `deploy/kubernetes/prometheus-rules.yml`: a PrometheusRule a rule file, with the groups that the file has.
 */
export function kubernetesRules(settings: BundleSettings, files: readonly BundleFile[]): BundleFile {
  const rules = files
    .map(({ path, content }) => ({ file: /^prometheus\/rules\/(.+)\.yml$/.exec(path)?.[1], content }))
    .flatMap(({ file, content }) => (file === undefined ? [] : [{ file, content }]))
    .sort((one, other) => (one.file < other.file ? -1 : 1))
    .map(({ file, content }) => ({
      apiVersion: api,
      kind: 'PrometheusRule',
      metadata: {
        name: `${nameInKubernetes(settings)}-${file}`,
        labels: labelsOf(settings, nameInKubernetes(settings)),
      },
      spec: { groups: (parse(content) as { groups: readonly unknown[] }).groups },
    }));
  return yamlFile('deploy/kubernetes/prometheus-rules.yml', rules, {
    about: 'The rules of prometheus/rules, for the Prometheus operator.',
  });
}

function serviceMonitor(settings: BundleSettings): YamlMap {
  const name = nameInKubernetes(settings);
  const { config, intervals } = settings;
  const limits = scrapeLimits(settings);
  const secret = tokenSecret(settings);
  return {
    apiVersion: api,
    kind: 'ServiceMonitor',
    metadata: { name, labels: labelsOf(settings, name) },
    spec: {
      selector: { matchLabels: labelsOf(settings, name) },
      endpoints: [
        {
          port: 'metrics',
          path: config.path,
          interval: duration(intervals.scrapeSeconds),
          ...(secret === undefined
            ? {}
            : { authorization: { type: 'Bearer', credentials: { name: secret, key: 'token' } } }),
          // The operator's own label of that name would take the place of the metrics': `api_requests_total` has one.
          relabelings: [jobIs(settings.job), { action: 'labeldrop', regex: 'service' }],
        },
      ],
      sampleLimit: limits.samples,
      labelLimit: limits.labels,
      labelNameLengthLimit: limits.labelNameLength,
      labelValueLengthLimit: limits.labelValueLength,
    },
  };
}

/** A monitor of Prometheus or Alertmanager themselves. */
function otherMonitor(
  settings: BundleSettings,
  component: string,
  port: string,
  matchLabels: Readonly<Record<string, string>>,
): YamlMap {
  const interval = duration(settings.intervals.scrapeSeconds);
  return {
    apiVersion: api,
    kind: 'ServiceMonitor',
    metadata: {
      name: `${nameInKubernetes(settings)}-${component}`,
      labels: labelsOf(settings, component),
    },
    spec: { selector: { matchLabels }, endpoints: [{ port, interval, relabelings: [jobIs(component)] }] },
  };
}

/** The operator names jobs after Services; the rules name them as in `prometheus.yml`. */
function jobIs(job: string): YamlMap {
  return { targetLabel: 'job', replacement: job };
}

function prometheus(settings: BundleSettings): YamlMap {
  const name = nameInKubernetes(settings);
  const { config, intervals, target, remoteWriteUrl, remoteWriteTokenFile } = settings;
  const image = images[target].prometheus;
  const enabled = features(settings);
  const partOf = { matchLabels: { 'app.kubernetes.io/part-of': name } };
  return {
    apiVersion: api,
    kind: 'Prometheus',
    metadata: { name, labels: labelsOf(settings, 'prometheus') },
    spec: {
      image,
      version: image.slice(image.indexOf(':') + 1),
      replicas: 1,
      retention: retention(settings),
      ...(enabled.length === 0 ? {} : { enableFeatures: [...enabled] }),
      scrapeInterval: duration(intervals.scrapeSeconds),
      evaluationInterval: duration(intervals.evaluationSeconds),
      externalLabels: { environment: config.environment, ...settings.externalLabels },
      serviceAccountName: `${name}-prometheus`,
      // A volume belongs to root, unless this says whose it is.
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, fsGroup: 65_534 },
      serviceMonitorSelector: partOf,
      ruleSelector: partOf,
      alerting: {
        alertmanagers: [{ name: `${name}-alertmanager`, port: 'web', apiVersion: 'v2' }],
      },
      ...(remoteWriteUrl === undefined
        ? {}
        : {
            remoteWrite: [
              {
                url: remoteWriteUrl,
                ...(remoteWriteTokenFile === undefined
                  ? {}
                  : {
                      authorization: {
                        credentials: { name: `${name}-remote-write-token`, key: 'token' },
                      },
                    }),
              },
            ],
          }),
      storage: {
        volumeClaimTemplate: {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
        },
      },
    },
  };
}
