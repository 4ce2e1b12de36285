/** A Deployment of the service to complete, and the Service that Prometheus scrapes. */
import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yaml, yamlFile } from '../yaml-file.js';
import { labelsOf, nameInKubernetes, tokenSecret } from './kubernetes-names.js';

/** `deploy/kubernetes/service.yml`. */
export function kubernetesService(settings: BundleSettings): BundleFile {
  const { config } = settings;
  const name = nameInKubernetes(settings);
  const labels = labelsOf(settings, name);
  const secret = tokenSecret(settings);
  // A random port cannot be scraped.
  const port = config.port === 0 ? 9090 : config.port;
  const variables = Object.entries({
    METRICS_ENDPOINT: '0.0.0.0',
    METRICS_PORT: String(port),
    METRICS_PATH: config.path,
    SERVICE_NAME: config.service,
    APP_VERSION: config.version,
    NODE_ENV: config.environment,
    ...(secret === undefined ? {} : { METRICS_TOKEN_FILE: '/run/secrets/metrics/token' }),
  });
  return yamlFile(
    'deploy/kubernetes/service.yml',
    yaml`
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, labels: ${labels} }
spec:
  selector: { matchLabels: ${labels} }
  template:
    metadata: { labels: ${labels} }
    spec:
      containers:
        - name: ${name}
          image: ${`${name}:latest`}
          env: ${variables.map(([variable, value]) => ({ name: variable, value }))}
          ports: [{ name: metrics, containerPort: ${port} }]
          # Of the metrics port, where \`startMetricsServer\` answers.
          livenessProbe: { httpGet: { path: /livez, port: metrics }, periodSeconds: 10, timeoutSeconds: 5 }
          readinessProbe: { httpGet: { path: /readyz, port: metrics }, periodSeconds: 10, timeoutSeconds: 5 }
          volumeMounts: ${secret && [{ name: 'metrics-token', mountPath: '/run/secrets/metrics', readOnly: true }]}
      volumes: ${secret && [{ name: 'metrics-token', secret: { secretName: secret } }]}
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, labels: ${labels} }
spec: { selector: ${labels}, ports: [{ name: metrics, port: ${port}, targetPort: metrics }] }
`,
    [
      'A frame for the service: put in its image, its own port and its variables.',
      ...(secret ? [`The token: kubectl create secret generic ${secret} --from-file=token=FILE`] : []),
    ].join('\n'),
  );
}
