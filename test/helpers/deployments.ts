/** Deployments of sample bundles, as their tests read them. */
import { parse, parseAllDocuments } from 'yaml';
import { alertmanagerFiles } from '../../lib/monitoring/alertmanager/alertmanager-files.js';
import { deploymentFiles } from '../../lib/monitoring/deploy/deployment-files.js';
import type { BundleFile } from '../../lib/monitoring/model.js';
import { type BundleOptions, bundleSettings } from '../../lib/monitoring/settings.js';

export const rules = (expression: string): string =>
  `# A comment.\ngroups:\n  - name: g\n    rules:\n      - { alert: A, expr: ${expression}, for: 5m, labels: { severity: page } }\n`;
export const group = { name: 'g', file: 'alerts-http', rules: [] };

export function filesFor(options: BundleOptions = {}): BundleFile[] {
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
export const contentOf = (files: readonly BundleFile[], path: string): string =>
  files.find((file) => file.path === path)?.content ?? '';

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // Read as deep as a test asks.
  readonly [key: string]: unknown;
}
export const manifests = (files: readonly BundleFile[]): Manifest[] =>
  files
    .filter(({ path }) => path.startsWith('deploy/kubernetes/'))
    .flatMap(({ content }) => parseAllDocuments(content).map((document) => document.toJS() as Manifest));

export interface Compose {
  readonly services: Record<string, Record<string, unknown>>;
}
export const composeFor = (options: BundleOptions = {}): Compose =>
  parse(contentOf(filesFor(options), 'deploy/docker-compose.yml')) as Compose;

export const cases: readonly (readonly [string, BundleOptions])[] = [
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
