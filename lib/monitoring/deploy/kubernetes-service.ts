/** The service in Kubernetes, as far as it is monitored: its port, its probes, its variables. */

import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { labelsOf, nameInKubernetes, tokenSecret } from './kubernetes-names.js';

const tokenFolder = '/run/secrets/metrics';

/** `deploy/kubernetes/service.yml`: a Deployment to be completed, and the Service that is scraped. */
export function kubernetesService(settings: BundleSettings): BundleFile {
  const { config } = settings;
  const name = nameInKubernetes(settings);
  const labels = labelsOf(settings, name);
  const secret = tokenSecret(settings);
  // A port of its choice is none that can be found.
  const port = config.port === 0 ? 9090 : config.port;
  const probe = (path: string) => ({
    httpGet: { path, port: 'metrics' },
    periodSeconds: 10,
    timeoutSeconds: 5,
  });
  const variables: Readonly<Record<string, string>> = {
    METRICS_ENDPOINT: '0.0.0.0',
    METRICS_PORT: String(port),
    METRICS_PATH: config.path,
    SERVICE_NAME: config.service,
    APP_VERSION: config.version,
    NODE_ENV: config.environment,
    ...(secret === undefined ? {} : { METRICS_TOKEN_FILE: `${tokenFolder}/token` }),
  };
  const container = {
    name,
    image: `${name}:latest`,
    env: Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
    ports: [{ name: 'metrics', containerPort: port }],
    livenessProbe: probe('/livez'),
    readinessProbe: probe('/readyz'),
    ...(secret === undefined
      ? {}
      : { volumeMounts: [{ name: 'metrics-token', mountPath: tokenFolder, readOnly: true }] }),
  };
  return yamlFile(
    'deploy/kubernetes/service.yml',
    [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, labels },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [container],
              ...(secret === undefined
                ? {}
                : { volumes: [{ name: 'metrics-token', secret: { secretName: secret } }] }),
            },
          },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, labels },
        spec: { selector: labels, ports: [{ name: 'metrics', port, targetPort: 'metrics' }] },
      },
    ],
    {
      about: [
        'A frame for the service: put in its image, its own port and its variables.',
        ...(secret === undefined
          ? []
          : [`The token: kubectl create secret generic ${secret} --from-file=token=FILE`]),
      ].join('\n'),
      notes: {
        'spec.template.spec.containers.0.livenessProbe':
          'Of the metrics port, where `startMetricsServer` answers.',
      },
    },
  );
}
