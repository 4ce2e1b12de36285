/** Manifests for Kubernetes: the service, Prometheus and its rules with the Prometheus operator, Alertmanager without it. */

import { templatePath } from '../alertmanager/alertmanager-files.js';
import { receiverNames } from '../alertmanager/alertmanager-receivers.js';
import { plainName } from '../bundle-identity.js';
import type { BundleFile } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { headerOf, yamlFile, yamlTemplate, yamlText } from '../yaml-file.js';
import { alertmanagerArguments, features, imagesOf, retention } from './start-commands.js';

/**
 * `deploy/kubernetes/*.yml`.
 * @param files The rules and Alertmanager's configuration, which the manifests contain.
 */
export function kubernetesFiles(settings: BundleSettings, files: readonly BundleFile[]): BundleFile[] {
  const name = plainName(settings.job, 40);
  const values = valuesOf(settings, name, files);
  const file = (kind: string, about: string): BundleFile =>
    yamlFile(`deploy/kubernetes/${kind}.yml`, yamlTemplate(`deploy/kubernetes-${kind}.yml`, values), about);
  const { secret } = values.token;
  const receiversSecret = `${name}-alertmanager-receivers`;
  return [
    file(
      'service',
      `A skeleton of the service: add its image, its own port and its variables.${secret ? `\nCreate the token: kubectl create secret generic ${secret} --from-file=token=FILE` : ''}`,
    ),
    file(
      'prometheus',
      "For the Prometheus operator. An existing Prometheus only needs the ServiceMonitors and the rules.\nAll resources are in one namespace, that of kubectl's context.",
    ),
    file(
      'alertmanager',
      `Fill in the files of the receivers, then create their Secret: kubectl create secret generic ${receiversSecret} --from-file=alertmanager/receivers\nReceivers: ${Object.values(receiverNames).join(', ')}.`,
    ),
    prometheusRules(name, values.labels.service, files),
  ];
}

function valuesOf(settings: BundleSettings, name: string, files: readonly BundleFile[]) {
  const { config, intervals, job, remoteWriteUrl: url, remoteWriteTokenFile } = settings;
  const image = imagesOf(settings);
  const template = templatePath(settings);
  const templateKey = `${settings.prefix}.tmpl`;
  const secret = (config.token ?? config.tokenFile) === undefined ? undefined : `${name}-metrics-token`;
  const tokenFolder = '/run/secrets/metrics';
  // A random port cannot be scraped.
  const port = config.port === 0 ? 9090 : config.port;
  const variables = Object.entries({
    METRICS_ENDPOINT: '0.0.0.0',
    METRICS_PORT: String(port),
    METRICS_PATH: config.path,
    SERVICE_NAME: config.service,
    APP_VERSION: config.version,
    NODE_ENV: config.environment,
    ...(secret ? { METRICS_TOKEN_FILE: `${tokenFolder}/token` } : {}),
  });
  const enabled = features(settings);
  const credentials = remoteWriteTokenFile && { name: `${name}-remote-write-token`, key: 'token' };
  return {
    name,
    job,
    image,
    port,
    path: config.path,
    labels: {
      service: labelsOf(name, name),
      prometheus: labelsOf('prometheus', name),
      alertmanager: labelsOf('alertmanager', name),
    },
    env: variables.map(([variable, value]) => ({ name: variable, value })),
    token: { secret, folder: tokenFolder },
    limits: scrapeLimits(settings),
    prometheusVersion: image.prometheus.slice(image.prometheus.indexOf(':') + 1),
    retention: retention(settings),
    features: enabled.length > 0 ? enabled : undefined,
    scrapeInterval: duration(intervals.scrapeSeconds),
    evaluationInterval: duration(intervals.evaluationSeconds),
    externalLabels: { environment: config.environment, ...settings.externalLabels },
    remoteWrite: url && [{ url, ...(credentials ? { authorization: { credentials } } : {}) }],
    template,
    templateKey,
    data: {
      'alertmanager.yml': contentOf(files, 'alertmanager/alertmanager.yml'),
      [templateKey]: contentOf(files, `alertmanager/${template}`),
    },
    args: alertmanagerArguments(settings, { dataFolder: '/alertmanager', listenAddress: '0.0.0.0:9093' }),
  };
}

/** One PrometheusRule per rule file, whose text becomes its `spec`: to parse and write it again would take most of the generation. */
function prometheusRules(name: string, labels: object, files: readonly BundleFile[]): BundleFile {
  const about = 'The rules of prometheus/rules, for the Prometheus operator.';
  const rules = files
    .flatMap(({ path, content }) => {
      const file = /^prometheus\/rules\/(.+)\.yml$/.exec(path)?.[1];
      return file === undefined ? [] : [{ file, content }];
    })
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ file, content }) => {
      const metadata = { name: `${name}-${file}`, labels };
      const head = yamlText({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata });
      return `${head}spec:\n${content.replace(/^(#.*\n)*/, '').replaceAll(/^(?=.)/gm, '  ')}`;
    });
  return { path: 'deploy/kubernetes/prometheus-rules.yml', content: headerOf(about) + rules.join('---\n') };
}

/** The labels that selectors match. */
function labelsOf(component: string, service: string): object {
  return { 'app.kubernetes.io/name': component, 'app.kubernetes.io/part-of': service };
}

function contentOf(files: readonly BundleFile[], wanted: string): string | undefined {
  return files.find(({ path }) => path === wanted)?.content;
}
