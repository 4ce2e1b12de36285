/** Alertmanager in Kubernetes, without an operator: its configuration is the bundle's, as it stands. */
import { receiverNames } from '../alertmanager/alertmanager-receivers.js';
import { templatePath } from '../alertmanager/alertmanager-template.js';
import type { BundleFile } from '../model.js';
import { monitoringError } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { images } from './images.js';
import { labelsOf, nameInKubernetes } from './kubernetes-names.js';
import { alertmanagerArguments } from './start-commands.js';

const folder = '/etc/alertmanager';

/** `deploy/kubernetes/alertmanager.yml`: ConfigMap, StatefulSet and Service; the receivers' files come from a Secret. */
export function kubernetesAlertmanager(settings: BundleSettings, files: readonly BundleFile[]): BundleFile {
  const name = `${nameInKubernetes(settings)}-alertmanager`;
  const labels = labelsOf(settings, 'alertmanager');
  const template = templatePath(settings);
  const templateKey = `${settings.prefix}.tmpl`;
  const secretName = `${name}-receivers`;
  const probe = (path: string) => ({ httpGet: { path, port: 'web' } });
  const container = {
    name: 'alertmanager',
    image: images[settings.target].alertmanager,
    workingDir: folder,
    args: alertmanagerArguments(settings, { dataFolder: '/alertmanager', listenAddress: '0.0.0.0:9093' }),
    ports: [{ name: 'web', containerPort: 9093 }],
    livenessProbe: probe('/-/healthy'),
    readinessProbe: probe('/-/ready'),
    volumeMounts: [
      // File by file: within a mounted folder no other could be mounted.
      ...['alertmanager.yml', template].map((path) => ({
        name: 'configuration',
        mountPath: `${folder}/${path}`,
        subPath: path,
      })),
      { name: 'receivers', mountPath: `${folder}/receivers`, readOnly: true },
      { name: 'data', mountPath: '/alertmanager' },
    ],
  };
  const configuration = {
    name: 'configuration',
    configMap: {
      name,
      items: [
        { key: 'alertmanager.yml', path: 'alertmanager.yml' },
        { key: templateKey, path: template },
      ],
    },
  };
  return yamlFile(
    'deploy/kubernetes/alertmanager.yml',
    [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, labels },
        data: {
          'alertmanager.yml': contentOf(files, 'alertmanager/alertmanager.yml'),
          [templateKey]: contentOf(files, `alertmanager/${template}`),
        },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name, labels },
        spec: {
          serviceName: name,
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              // The image runs as nobody; the volume is to be its own.
              securityContext: { runAsNonRoot: true, runAsUser: 65_534, fsGroup: 65_534 },
              containers: [container],
              volumes: [
                configuration,
                // Alertmanager starts without it, and says of each notification what it misses.
                { name: 'receivers', secret: { secretName, optional: true } },
              ],
            },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, labels },
        spec: { selector: labels, ports: [{ name: 'web', port: 9093, targetPort: 'web' }] },
      },
    ],
    {
      about: `The files of receivers, once they are filled in: kubectl create secret generic ${secretName} --from-file=alertmanager/receivers\nIts receivers: ${Object.values(receiverNames).join(', ')}.`,
    },
  );
}

function contentOf(files: readonly BundleFile[], wanted: string): string {
  const file = files.find(({ path }) => path === wanted);
  if (file === undefined)
    throw monitoringError(
      'deployment',
      `\`${wanted}\` among the files of the bundle`,
      files.map(({ path }) => path),
    );
  return file.content;
}
