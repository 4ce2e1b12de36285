/** The configuration of Prometheus. */
import { isUserLabelName } from '../../naming.js';
import { check, isHttpUrl } from '../checks.js';
import { addressOfUrl, agentArguments, startCommand } from '../deploy/start-commands.js';
import type { BundleFile } from '../model.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { scrapeLimits } from './scrape-limits.js';

/** File for a token that is only known as text, which no configuration may contain. */
const tokenPlaceholder = 'metrics-token';

/**
 * `prometheus/prometheus.yml`; with `remoteWriteUrl` also `prometheus/agent.yml`; with METRICS_TOKEN a placeholder for it.
 * @throws ERR_METRICS_INVALID_MONITORING for an address, an external label or a service name that Prometheus does not accept
 */
export function prometheusFiles(settings: BundleSettings, ruleFiles: readonly BundleFile[]): BundleFile[] {
  checkSettings(settings);
  const { intervals, remoteWriteUrl, remoteWriteTokenFile } = settings;
  const scrape_interval = duration(intervals.scrapeSeconds);
  const evaluation_interval = duration(intervals.evaluationSeconds);
  const external_labels = externalLabels(settings);
  const scrape_configs = scrapeJobs(settings);
  const alertmanagers = [{ static_configs: [{ targets: [settings.alertmanager] }] }];
  const remoteWrite =
    remoteWriteUrl === undefined
      ? {}
      : { remote_write: [{ url: remoteWriteUrl, ...authorization(remoteWriteTokenFile) }] };
  const configuration = yamlFile(
    'prometheus/prometheus.yml',
    {
      global: { scrape_interval, evaluation_interval, external_labels },
      ...(ruleFiles.length === 0 ? {} : { rule_files: ['rules/*.yml'] }),
      alerting: { alertmanagers },
      scrape_configs,
      ...remoteWrite,
    },
    `In the folder of the bundle: ${startCommand(settings)}`,
  );
  const agent = yamlFile(
    'prometheus/agent.yml',
    { global: { scrape_interval, external_labels }, scrape_configs, ...remoteWrite },
    `For a Prometheus in agent mode: it only forwards, and the store evaluates the rules.\nIn the folder of the bundle: prometheus ${agentArguments(settings).join(' ')}`,
  );
  const token = {
    path: `prometheus/${tokenPlaceholder}`,
    content: 'put-the-value-of-METRICS_TOKEN-here\n',
    placeholder: true,
  };
  return [
    configuration,
    ...(remoteWriteUrl === undefined ? [] : [agent]),
    ...(usesPlaceholder(settings) ? [token] : []),
  ];
}

function scrapeJobs(settings: BundleSettings): object[] {
  const { job, config, targets, prometheus, alertmanager } = settings;
  const limits = scrapeLimits(settings);
  const placeholder = usesPlaceholder(settings);
  return [
    {
      job_name: job,
      metrics_path: config.path,
      ...(placeholder
        ? {
            '#': `No file of the bundle contains METRICS_TOKEN: write it, and nothing else, to prometheus/${tokenPlaceholder}.`,
          }
        : {}),
      ...authorization(placeholder ? tokenPlaceholder : config.tokenFile),
      '# samples': limits.arithmetic,
      sample_limit: limits.samples,
      '# labels': 'The maximum of labels of a metric, plus those that the service and Prometheus add.',
      label_limit: limits.labels,
      label_name_length_limit: limits.labelNameLength,
      label_value_length_limit: limits.labelValueLength,
      static_configs: [{ targets }],
    },
    { job_name: 'prometheus', static_configs: [{ targets: [prometheus] }] },
    { job_name: 'alertmanager', static_configs: [{ targets: [alertmanager] }] },
    ...(config.pushUrl === undefined ? [] : [pushgatewayJob(config.pushUrl)]),
  ];
}

/** Without the credentials that METRICS_PUSH_URL may contain: they are for pushing. */
function pushgatewayJob(url: string): object {
  const { protocol, pathname } = new URL(url);
  const path = pathname.replace(/\/$/, '');
  return {
    job_name: 'pushgateway',
    // Keeps the `job` and `instance` of the process that pushed.
    honor_labels: true,
    ...(protocol === 'http:' ? {} : { scheme: protocol.slice(0, -1) }),
    ...(path === '' ? {} : { metrics_path: `${path}/metrics` }),
    static_configs: [{ targets: [addressOfUrl(url)] }],
  };
}

function authorization(file: string | undefined): object {
  return file === undefined ? {} : { authorization: { credentials_file: file } };
}

/** Sorted by name, so that the order of the option does not matter. */
function externalLabels({ config, externalLabels: own }: BundleSettings): Readonly<Record<string, string>> {
  const labels = Object.entries({ environment: config.environment, ...own });
  return Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function usesPlaceholder({ config }: BundleSettings): boolean {
  return config.token !== undefined && config.tokenFile === undefined;
}

function checkSettings(settings: BundleSettings): void {
  const {
    job,
    targets,
    prometheus,
    alertmanager,
    remoteWriteUrl: url,
    remoteWriteTokenFile: file,
  } = settings;
  const taken = ['prometheus', 'alertmanager', 'pushgateway'];
  check(
    !taken.includes(job),
    'name of the service',
    `a name other than ${taken.join(', ')}, which are jobs too`,
    job,
  );
  check(targets.length > 0, '`targets`', 'at least one `host:port`', targets);
  for (const [option, addresses] of Object.entries({
    targets,
    prometheus: [prometheus],
    alertmanager: [alertmanager],
  }))
    for (const address of addresses) check(isAddress(address), `\`${option}\``, '`host:port`', address);
  for (const [name, value] of Object.entries(settings.externalLabels)) {
    check(isUserLabelName(name), '`externalLabels`', 'valid label names that do not start with `__`', name);
    check(typeof value === 'string', `external label \`${name}\``, 'a string', value);
  }
  if (url === undefined) {
    check(file === undefined, '`remoteWriteTokenFile`', '`remoteWriteUrl` to be set too', file);
    return;
  }
  check(isHttpUrl(url), '`remoteWriteUrl`', 'an http or https URL', url);
  const { username, password } = new URL(url);
  check(
    username === '' && password === '',
    '`remoteWriteUrl`',
    'a URL without credentials, which the file would contain',
    'a URL that is not shown',
    'Put a token into a file and name it with `remoteWriteTokenFile`.',
  );
}

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && /^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(value);
}
