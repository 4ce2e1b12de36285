/** Alertmanager in Kubernetes without an operator, with the configuration of the bundle. */
import { receiverNames } from '../alertmanager/alertmanager-receivers.js';
import { templatePath } from '../alertmanager/alertmanager-template.js';
import type { BundleFile } from '../model.js';
import { monitoringError } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yaml, yamlFile } from '../yaml-file.js';
import { images } from './images.js';
import { labelsOf, nameInKubernetes } from './kubernetes-names.js';
import { alertmanagerArguments } from './start-commands.js';

/**
 * `deploy/kubernetes/alertmanager.yml`: a ConfigMap, a StatefulSet and a Service. The files of the receivers come from a Secret, which
 * is optional: without it, Alertmanager starts and reports the missing file with each notification.
 */
export function kubernetesAlertmanager(settings: BundleSettings, files: readonly BundleFile[]): BundleFile {
  const name = `${nameInKubernetes(settings)}-alertmanager`;
  const labels = labelsOf(settings, 'alertmanager');
  const template = templatePath(settings);
  const templateKey = `${settings.prefix}.tmpl`;
  const secretName = `${name}-receivers`;
  // Mounted file by file: the folder could not contain the other mounts.
  return yamlFile(
    'deploy/kubernetes/alertmanager.yml',
    yaml`
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, labels: ${labels} }
data: ${{
      'alertmanager.yml': contentOf(files, 'alertmanager/alertmanager.yml'),
      [templateKey]: contentOf(files, `alertmanager/${template}`),
    }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: ${name}, labels: ${labels} }
spec:
  serviceName: ${name}
  replicas: 1
  selector: { matchLabels: ${labels} }
  template:
    metadata: { labels: ${labels} }
    spec:
      securityContext: { runAsNonRoot: true, runAsUser: 65534, fsGroup: 65534 }
      containers:
        - name: alertmanager
          image: ${images[settings.target].alertmanager}
          workingDir: /etc/alertmanager
          args: ${alertmanagerArguments(settings, { dataFolder: '/alertmanager', listenAddress: '0.0.0.0:9093' })}
          ports: [{ name: web, containerPort: 9093 }]
          livenessProbe: { httpGet: { path: /-/healthy, port: web } }
          readinessProbe: { httpGet: { path: /-/ready, port: web } }
          volumeMounts:
            - { name: configuration, mountPath: /etc/alertmanager/alertmanager.yml, subPath: alertmanager.yml }
            - { name: configuration, mountPath: ${`/etc/alertmanager/${template}`}, subPath: ${template} }
            - { name: receivers, mountPath: /etc/alertmanager/receivers, readOnly: true }
            - { name: data, mountPath: /alertmanager }
      volumes:
        - name: configuration
          configMap:
            name: ${name}
            items:
              - { key: alertmanager.yml, path: alertmanager.yml }
              - { key: ${templateKey}, path: ${template} }
        - { name: receivers, secret: { secretName: ${secretName}, optional: true } }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, labels: ${labels} }
spec: { selector: ${labels}, ports: [{ name: web, port: 9093, targetPort: web }] }
`,
    `The files of receivers, once they are filled in: kubectl create secret generic ${secretName} --from-file=alertmanager/receivers\nIts receivers: ${Object.values(receiverNames).join(', ')}.`,
  );
}

function contentOf(files: readonly BundleFile[], wanted: string): string {
  const file = files.find(({ path }) => path === wanted);
  if (file !== undefined) return file.content;
  const paths = files.map(({ path }) => path);
  throw monitoringError('deployment', `\`${wanted}\` among the files of the bundle`, paths);
}
