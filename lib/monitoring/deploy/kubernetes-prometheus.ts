/** Prometheus in Kubernetes with the Prometheus operator: ServiceMonitors, a Prometheus and the rules. */
import { parse } from 'yaml';
import type { BundleFile } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yaml, yamlFile } from '../yaml-file.js';
import { images } from './images.js';
import { labelsOf, nameInKubernetes, tokenSecret } from './kubernetes-names.js';
import { features, retention } from './start-commands.js';

/** `deploy/kubernetes/prometheus.yml`: a Prometheus that selects the ServiceMonitors and the rules of its namespace. */
export function kubernetesPrometheus(settings: BundleSettings): BundleFile {
  const { config, intervals, remoteWriteUrl } = settings;
  const name = nameInKubernetes(settings);
  const [ofService, ofPrometheus, ofAlertmanager] = [name, 'prometheus', 'alertmanager'].map((component) =>
    labelsOf(settings, component),
  );
  const partOf = { matchLabels: { 'app.kubernetes.io/part-of': name } };
  const image = images[settings.target].prometheus;
  const interval = duration(intervals.scrapeSeconds);
  const limits = scrapeLimits(settings);
  const token = (secret: string | undefined) => secret && { credentials: { name: secret, key: 'token' } };
  const secret = tokenSecret(settings);
  const enabled = features(settings);
  // The rules select by the jobs of prometheus.yml; without `relabelings` the operator names jobs after Services. It also adds the label
  // `service`, in place of the metrics' own: `api_requests_total` has one.
  return yamlFile(
    'deploy/kubernetes/prometheus.yml',
    yaml`
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: ${name}, labels: ${ofService} }
spec:
  selector: { matchLabels: ${ofService} }
  endpoints:
    - port: metrics
      path: ${config.path}
      interval: ${interval}
      authorization: ${secret && { type: 'Bearer', ...(token(secret) as object) }}
      relabelings: [{ targetLabel: job, replacement: ${settings.job} }, { action: labeldrop, regex: service }]
  sampleLimit: ${limits.samples}
  labelLimit: ${limits.labels}
  labelNameLengthLimit: ${limits.labelNameLength}
  labelValueLengthLimit: ${limits.labelValueLength}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: ${`${name}-prometheus`}, labels: ${ofPrometheus} }
spec:
  selector: { matchLabels: { operated-prometheus: 'true' } }
  endpoints: [{ port: web, interval: ${interval}, relabelings: [{ targetLabel: job, replacement: prometheus }] }]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: ${`${name}-alertmanager`}, labels: ${ofAlertmanager} }
spec:
  selector: { matchLabels: ${ofAlertmanager} }
  endpoints: [{ port: web, interval: ${interval}, relabelings: [{ targetLabel: job, replacement: alertmanager }] }]
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: { name: ${name}, labels: ${ofPrometheus} }
spec:
  image: ${image}
  version: ${image.slice(image.indexOf(':') + 1)}
  replicas: 1
  retention: ${retention(settings)}
  enableFeatures: ${enabled.length > 0 ? enabled : undefined}
  scrapeInterval: ${interval}
  evaluationInterval: ${duration(intervals.evaluationSeconds)}
  externalLabels: ${{ environment: config.environment, ...settings.externalLabels }}
  serviceAccountName: ${`${name}-prometheus`}
  securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534 }
  serviceMonitorSelector: ${partOf}
  ruleSelector: ${partOf}
  alerting: { alertmanagers: [{ name: ${`${name}-alertmanager`}, port: web, apiVersion: v2 }] }
  remoteWrite: ${
    remoteWriteUrl && [
      {
        url: remoteWriteUrl,
        authorization: token(settings.remoteWriteTokenFile && `${name}-remote-write-token`),
      },
    ]
  }
  storage: { volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 20Gi } } } } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${`${name}-prometheus`} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: ${`${name}-prometheus`} }
rules:
  - { apiGroups: [''], resources: [services, endpoints, pods], verbs: [get, list, watch] }
  - { apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${`${name}-prometheus`} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${`${name}-prometheus`} }
subjects: [{ kind: ServiceAccount, name: ${`${name}-prometheus`} }]
`,
    "For the Prometheus operator. Where there is a Prometheus already, it needs the ServiceMonitors and the rules only.\nEverything is looked for in one namespace, that of kubectl's context.",
  );
}

/** `deploy/kubernetes/prometheus-rules.yml`: one PrometheusRule per rule file, with the groups of the file. */
export function kubernetesRules(settings: BundleSettings, files: readonly BundleFile[]): BundleFile {
  const name = nameInKubernetes(settings);
  const rules = files
    .flatMap(({ path, content }) => {
      const file = /^prometheus\/rules\/(.+)\.yml$/.exec(path)?.[1];
      return file === undefined ? [] : [{ file, content }];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ file, content }) => ({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: `${name}-${file}`, labels: labelsOf(settings, name) },
      spec: parse(content) as object,
    }));
  const about = 'The rules of prometheus/rules, for the Prometheus operator.';
  return yamlFile('deploy/kubernetes/prometheus-rules.yml', rules, about);
}
