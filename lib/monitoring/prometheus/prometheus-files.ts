/** The configuration of Prometheus. */
import { isUserLabelName } from '../../naming.js';
import { check, isHttpUrl } from '../checks.js';
import { addressOfUrl, agentArguments, startCommand } from '../deploy/start-commands.js';
import type { BundleFile } from '../model.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { templatePart, yamlFile } from '../yaml-file.js';
import { scrapeLimits } from './scrape-limits.js';

/** File for a token that is only known as text, which no configuration may contain. */
const tokenPlaceholder = 'metrics-token';
const template = 'prometheus/prometheus.yml';

/**
 * `prometheus/prometheus.yml`; with `remoteWriteUrl` also `prometheus/agent.yml`; with METRICS_TOKEN a placeholder for it.
 * @throws ERR_METRICS_INVALID_MONITORING for an address, an external label or a service name that Prometheus does not accept
 */
export function prometheusFiles(settings: BundleSettings, ruleFiles: readonly BundleFile[]): BundleFile[] {
  checkSettings(settings);
  const { config, intervals, remoteWriteUrl: url, remoteWriteTokenFile } = settings;
  const isPlaceholder = config.token !== undefined && config.tokenFile === undefined;
  const values = {
    ...settings,
    path: config.path,
    scrapeInterval: duration(intervals.scrapeSeconds),
    evaluationInterval: duration(intervals.evaluationSeconds),
    externalLabels: externalLabels(settings),
    ruleFiles: ruleFiles.length === 0 ? undefined : ['rules/*.yml'],
    tokenHint: isPlaceholder
      ? `No file of the bundle contains METRICS_TOKEN: write it, and nothing else, to prometheus/${tokenPlaceholder}.`
      : undefined,
    tokenFile: isPlaceholder ? tokenPlaceholder : config.tokenFile,
    limits: scrapeLimits(settings),
    native: nativeSettings(settings),
    pushgateway: config.pushUrl === undefined ? {} : pushgateway(config.pushUrl),
    remoteWrite: url && templatePart(template, 'remoteWrite', { url, tokenFile: remoteWriteTokenFile }),
  };
  const file = (name: string, about: string): BundleFile =>
    yamlFile(`prometheus/${name}.yml`, templatePart(template, name, values), about);
  const agent = `For a Prometheus in agent mode: it only forwards, and the store evaluates the rules.\nIn the folder of the bundle: prometheus ${agentArguments(settings).join(' ')}`;
  const token = {
    path: `prometheus/${tokenPlaceholder}`,
    content: 'put-the-value-of-METRICS_TOKEN-here\n',
    placeholder: true,
  };
  return [
    file('prometheus', `In the folder of the bundle: ${startCommand(settings)}`),
    ...(url === undefined ? [] : [file('agent', agent)]),
    ...(isPlaceholder ? [token] : []),
  ];
}

/** How native histograms are scraped, beside the classic ones, which rules and dashboards read for counts and heatmaps. */
function nativeSettings({ nativeHistograms }: BundleSettings): object {
  if (nativeHistograms === false) return {};
  return {
    about:
      nativeHistograms === 'setting'
        ? 'For Prometheus 3.8 and later: others refuse scrape_native_histograms. Only protobuf has native histograms.'
        : 'Only protobuf has native histograms.',
    setting: nativeHistograms === 'setting' ? true : undefined,
    protocols: ['PrometheusProto', 'OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
    classic: true,
  };
}

/** Without the credentials that METRICS_PUSH_URL may contain: they are for pushing. */
function pushgateway(url: string): object {
  const { protocol, pathname } = new URL(url);
  const path = pathname.replace(/\/$/, '');
  return {
    address: addressOfUrl(url),
    scheme: protocol === 'http:' ? undefined : protocol.slice(0, -1),
    path: path === '' ? undefined : `${path}/metrics`,
  };
}

/** Sorted by name, so that the order of the option does not matter. */
function externalLabels({ config, externalLabels: own }: BundleSettings): Readonly<Record<string, string>> {
  const labels = Object.entries({ environment: config.environment, ...own });
  return Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1)));
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
  const others = `a name other than ${taken.join(', ')}, which are jobs too`;
  check(!taken.includes(job), 'name of the service', others, job);
  check(targets.length > 0, '`targets`', 'at least one `host:port`', targets);
  for (const [option, addresses] of Object.entries({ targets, prometheus, alertmanager }))
    for (const address of [addresses].flat())
      check(isAddress(address), `\`${option}\``, '`host:port`', address);
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
