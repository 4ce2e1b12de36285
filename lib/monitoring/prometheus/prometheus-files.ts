/** Prometheus' own configuration. */

import { isUserLabelName } from '../../naming.js';
import { agentArguments, startCommand } from '../deploy/start-commands.js';
import type { BundleFile } from '../model.js';
import { duration, monitoringError } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { type ScrapeLimits, scrapeLimits } from './scrape-limits.js';

type YamlMap = Readonly<Record<string, unknown>>;

/** Where a token goes that is known as text only: into no configuration. */
const tokenPlaceholder = 'metrics-token';

/**
 * `prometheus/prometheus.yml`; `prometheus/agent.yml` where there is a store to write to; a placeholder for the token where only
 * its text is configured.
 * @throws ERR_METRICS_INVALID_MONITORING for an address, an external label or a name of the service that Prometheus would not take
 */
export function prometheusFiles(settings: BundleSettings, ruleFiles: readonly BundleFile[]): BundleFile[] {
  check(settings);
  const limits = scrapeLimits(settings);
  const jobs = scrapeJobs(settings, limits);
  const notes = {
    'scrape_configs.0.sample_limit': limits.arithmetic,
    'scrape_configs.0.label_limit':
      'The most labels of a metric, and room for those that the service and Prometheus add.',
    ...(usesPlaceholder(settings)
      ? {
          'scrape_configs.0.authorization': `METRICS_TOKEN is in no file of the bundle: put it into prometheus/${tokenPlaceholder}, alone.`,
        }
      : {}),
  };
  const remoteWrite = remoteWriteOf(settings);
  return [
    yamlFile(
      'prometheus/prometheus.yml',
      {
        global: {
          scrape_interval: duration(settings.intervals.scrapeSeconds),
          evaluation_interval: duration(settings.intervals.evaluationSeconds),
          external_labels: externalLabels(settings),
        },
        ...(ruleFiles.length === 0 ? {} : { rule_files: ['rules/*.yml'] }),
        alerting: { alertmanagers: [{ static_configs: [{ targets: [settings.alertmanager] }] }] },
        scrape_configs: jobs,
        ...remoteWrite,
      },
      { about: `In the folder of the bundle: ${startCommand(settings)}`, notes },
    ),
    ...(settings.remoteWriteUrl === undefined
      ? []
      : [
          yamlFile(
            'prometheus/agent.yml',
            {
              global: {
                scrape_interval: duration(settings.intervals.scrapeSeconds),
                external_labels: externalLabels(settings),
              },
              scrape_configs: jobs,
              ...remoteWrite,
            },
            {
              about: `For a Prometheus that only passes on; rules and alerts are then the store's.\nIn the folder of the bundle: prometheus ${agentArguments(settings).join(' ')}`,
              notes,
            },
          ),
        ]),
    ...(usesPlaceholder(settings)
      ? [
          {
            path: `prometheus/${tokenPlaceholder}`,
            content: 'put-the-value-of-METRICS_TOKEN-here\n',
            placeholder: true,
          },
        ]
      : []),
  ];
}

function scrapeJobs(settings: BundleSettings, limits: ScrapeLimits): YamlMap[] {
  const { job, config, targets, prometheus, alertmanager } = settings;
  const credentials = config.tokenFile ?? (usesPlaceholder(settings) ? tokenPlaceholder : undefined);
  return [
    {
      job_name: job,
      metrics_path: config.path,
      ...(credentials === undefined ? {} : { authorization: { credentials_file: credentials } }),
      sample_limit: limits.samples,
      label_limit: limits.labels,
      label_name_length_limit: limits.labelNameLength,
      label_value_length_limit: limits.labelValueLength,
      static_configs: [{ targets: [...targets] }],
    },
    { job_name: 'prometheus', static_configs: [{ targets: [prometheus] }] },
    { job_name: 'alertmanager', static_configs: [{ targets: [alertmanager] }] },
    ...(config.pushUrl === undefined ? [] : [pushgatewayJob(config.pushUrl)]),
  ];
}

/** The address alone: credentials that METRICS_PUSH_URL may hold are the pusher's. */
function pushgatewayJob(url: string): YamlMap {
  const { protocol, hostname, port, pathname } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const path = pathname.replace(/\/$/, '');
  return {
    job_name: 'pushgateway',
    // `job` and `instance` are those of who pushed.
    honor_labels: true,
    ...(scheme === 'http' ? {} : { scheme }),
    ...(path === '' ? {} : { metrics_path: `${path}/metrics` }),
    static_configs: [{ targets: [`${hostname}:${port === '' ? (scheme === 'https' ? 443 : 80) : port}`] }],
  };
}

function remoteWriteOf({ remoteWriteUrl: url, remoteWriteTokenFile: file }: BundleSettings): YamlMap {
  if (url === undefined) return {};
  return {
    remote_write: [{ url, ...(file === undefined ? {} : { authorization: { credentials_file: file } }) }],
  };
}

/** What this Prometheus adds to whatever leaves it; by name, so that the order of an option changes nothing. */
function externalLabels({ config, externalLabels: own }: BundleSettings): Readonly<Record<string, string>> {
  const labels: Readonly<Record<string, string>> = { environment: config.environment, ...own };
  return Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function usesPlaceholder({ config }: BundleSettings): boolean {
  return config.token !== undefined && config.tokenFile === undefined;
}

function check({
  job,
  targets,
  prometheus,
  alertmanager,
  externalLabels: own,
  ...rest
}: BundleSettings): void {
  const taken = ['prometheus', 'alertmanager', 'pushgateway'];
  if (taken.includes(job))
    throw monitoringError(
      'name of the service',
      `another than ${taken.join(', ')}, which are scraped too`,
      job,
    );
  if (targets.length === 0) throw monitoringError('`targets`', 'one `host:port` at least', targets);
  for (const [option, address] of [
    ...targets.map((target) => ['targets', target] as const),
    ['prometheus', prometheus] as const,
    ['alertmanager', alertmanager] as const,
  ])
    if (typeof address !== 'string' || !/^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(address))
      throw monitoringError(`\`${option}\``, '`host:port`', address);
  for (const [name, value] of Object.entries(own)) {
    if (!isUserLabelName(name))
      throw monitoringError('`externalLabels`', 'names that Prometheus takes', name);
    if (typeof value !== 'string') throw monitoringError(`external label \`${name}\``, 'a text', value);
  }
  checkRemoteWrite(rest);
}

function checkRemoteWrite({
  remoteWriteUrl: url,
  remoteWriteTokenFile: file,
}: Pick<BundleSettings, 'remoteWriteUrl' | 'remoteWriteTokenFile'>): void {
  if (url === undefined) {
    if (file !== undefined)
      throw monitoringError('`remoteWriteTokenFile`', 'a `remoteWriteUrl` beside it', file);
    return;
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw monitoringError('`remoteWriteUrl`', 'an http or https URL', url);
  const { username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw monitoringError(
      '`remoteWriteUrl`',
      'an address without credentials, which would stand in the file',
      'one that is not shown',
      'Put a token into a file and name it with `remoteWriteTokenFile`.',
    );
}
