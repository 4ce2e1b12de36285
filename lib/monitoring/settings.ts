/** What a bundle is made for: every option with its default, checked once and frozen. */
import { isOfCatalogue } from '../catalogue/catalogue.js';
import { type CompleteMetricsConfig, type MetricsConfig, metricsConfigOf } from '../config.js';
import type { MetricDefinition } from '../definition.js';
import { checkFactoryOptions } from '../option-checks.js';
import type { OptionNames } from '../option-names.js';
import { type Receivers, receiversWith } from './alertmanager/alertmanager-receivers.js';
import { type BundleIntervals, intervalsWith, minScrapes } from './alertmanager/intervals.js';
import { type QuietHours, quietHoursWith } from './alertmanager/quiet-hours.js';
import { type Thresholds, thresholdsWith } from './alerts/thresholds.js';
import { type BundleIdentity, identityOf } from './bundle-identity.js';
import { type BundlePart, definitionsOf, exposedDefinitions, partsOf } from './bundle-parts.js';
import type { Alert, RecordingRule } from './model.js';
import { duration, monitoringError } from './promql/expression.js';
import type { Slo } from './slo/slo-model.js';
import * as foreign from './third-party-metrics.js';

/** The Prometheus that the files are for. */
export type PrometheusVersion = '2.42' | '3';

export interface BundleOptions {
  /** The service's own settings: name, version, environment, path, port, token file, budget, retention. Default: those of an empty environment. */
  readonly config?: Partial<MetricsConfig>;
  /** `host:port` of each process of the service. Default: `127.0.0.1` and the port of the config. */
  readonly targets?: readonly string[];
  /** `host:port` of Alertmanager. Default: `127.0.0.1:9093`. */
  readonly alertmanager?: string;
  /** `host:port` of Prometheus, for its own scrape and for links. Default: `127.0.0.1:9090`, 9091 where the service has that port. */
  readonly prometheus?: string;
  /** Address of Grafana, for links in alerts. Default: `http://127.0.0.1:3001`. */
  readonly grafanaUrl?: string;
  /** Where the runbooks can be read, for links in alerts. Default: the files of the bundle, `runbooks`. */
  readonly runbookUrl?: string;
  /**
   * What the service has: alerts, dashboards, records and runbooks are made of these parts, `bundleParts` for all. Default: without
   * `definitions` all; with them `http`, `process` and `pipeline`, and of `workflow`, `provider` and `platform` those whose metrics
   * are among the definitions, or are read by the objectives, alerts and records.
   */
  readonly include?: readonly BundlePart[];
  /** Definitions beside the catalogue, and those of the catalogue that the service uses. */
  readonly definitions?: readonly MetricDefinition[];
  readonly slos?: readonly Slo[];
  /** Alerts beside those of the bundle. */
  readonly alerts?: readonly Alert[];
  readonly recordingRules?: readonly RecordingRule[];
  /** Other numbers for the alerts' limits. */
  readonly thresholds?: Partial<Thresholds>;
  /** Default: `2.42`, whose files Prometheus 3 takes too. */
  readonly target?: PrometheusVersion;
  /**
   * Whether the service says since when its series count (`createdSamples` of its endpoint). Prometheus 3 then reads that as the start of
   * each series, so that its first events count, and stores no series for it. Default: false.
   */
  readonly createdSamples?: boolean;
  readonly intervals?: Partial<BundleIntervals>;
  /** Address of a store to write to, Mimir or Thanos Receive. Default: none. */
  readonly remoteWriteUrl?: string;
  /** File with the bearer token for that store. Default: none. */
  readonly remoteWriteTokenFile?: string;
  /** Labels of everything that this Prometheus sends on, beside environment. Default: none. */
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** Where Alertmanager sends what to. Default: placeholder files, `alertmanager/receivers/*.url`, and `log` nowhere. */
  readonly receivers?: Partial<Receivers>;
  /** When tickets and information wait. `false`: never. Default: 20:00 to 07:00 and weekends, in UTC. */
  readonly quietHours?: Partial<QuietHours> | false;
}

export interface BundleSettings extends BundleIdentity {
  readonly config: CompleteMetricsConfig;
  /** Label `job` of the service in Prometheus: its name. */
  readonly job: string;
  readonly targets: readonly string[];
  readonly alertmanager: string;
  readonly prometheus: string;
  readonly grafanaUrl: string;
  readonly runbookUrl: string;
  readonly parts: ReadonlySet<BundlePart>;
  /** The catalogue's of the parts, then the user's own: what is looked at. */
  readonly definitions: readonly MetricDefinition[];
  /** These, and those that any service of this package exposes. */
  readonly exposed: readonly MetricDefinition[];
  /** The user's own alone. */
  readonly ownDefinitions: readonly MetricDefinition[];
  /** Whatever may be read: `exposed`, and those of Node, Prometheus and Alertmanager. */
  readonly readable: ReadonlyMap<string, MetricDefinition>;
  readonly slos: readonly Slo[];
  readonly alerts: readonly Alert[];
  readonly recordingRules: readonly RecordingRule[];
  readonly thresholds: Thresholds;
  readonly target: PrometheusVersion;
  readonly createdSamples: boolean;
  readonly intervals: BundleIntervals;
  readonly remoteWriteUrl: string | undefined;
  readonly remoteWriteTokenFile: string | undefined;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly receivers: Receivers;
  /** `undefined`: nothing waits. */
  readonly quietHours: QuietHours | undefined;
}

const optionNames = {
  config: true,
  targets: true,
  alertmanager: true,
  prometheus: true,
  grafanaUrl: true,
  runbookUrl: true,
  definitions: true,
  include: true,
  slos: true,
  alerts: true,
  recordingRules: true,
  thresholds: true,
  target: true,
  intervals: true,
  remoteWriteUrl: true,
  remoteWriteTokenFile: true,
  externalLabels: true,
  receivers: true,
  createdSamples: true,
  quietHours: true,
} satisfies OptionNames<BundleOptions>;

/** @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_INVALID_MONITORING */
export function bundleSettings(options: BundleOptions = {}): BundleSettings {
  checkFactoryOptions('generateBundle', options, optionNames);
  for (const list of ['targets', 'definitions', 'slos', 'alerts', 'recordingRules'] as const) {
    const given: unknown = options[list];
    if (given !== undefined && !Array.isArray(given)) throw monitoringError(`\`${list}\``, 'an array', given);
  }
  const config = metricsConfigOf(options.config);
  const { definitions: given = [], slos = [], alerts = [], recordingRules = [], target = '2.42' } = options;
  const { createdSamples = false } = options;
  if (typeof createdSamples !== 'boolean')
    throw monitoringError('`createdSamples`', 'true or false', createdSamples);
  if (target !== '2.42' && target !== '3') throw monitoringError('`target`', '"2.42" or "3"', target);
  // It stands in expressions, in templates of alerts and in links: what would have to be written otherwise in each is none.
  if (!/^[^"\\{}\p{Cc}]+$/u.test(config.service)) {
    throw monitoringError(
      'name of the service (SERVICE_NAME)',
      'a name without quotes, backslashes, braces and control characters',
      config.service,
    );
  }
  const parts = partsOf(options.include, { ...options, slos, alerts, recordingRules });
  const general = exposedDefinitions(parts);
  const ownDefinitions = given.filter(
    (definition) => !(isOfCatalogue(definition) && general.some(({ name }) => name === definition.name)),
  );
  const definitions = [...definitionsOf(parts), ...ownDefinitions];
  const exposed = [...general, ...ownDefinitions];
  const readable = new Map<string, MetricDefinition>();
  for (const definition of [...exposed, ...Object.values(foreign)]) {
    if (readable.has(definition.name))
      throw monitoringError('definition', 'a name that no other metric has', definition.name);
    readable.set(definition.name, definition);
  }
  return Object.freeze({
    config,
    job: config.service,
    targets: options.targets ?? [`127.0.0.1:${config.port}`],
    alertmanager: options.alertmanager ?? '127.0.0.1:9093',
    prometheus: options.prometheus ?? (config.port === 9090 ? '127.0.0.1:9091' : '127.0.0.1:9090'),
    grafanaUrl: options.grafanaUrl ?? 'http://127.0.0.1:3001',
    runbookUrl: options.runbookUrl ?? 'runbooks',
    ...identityOf(config.service),
    parts,
    definitions,
    exposed,
    ownDefinitions,
    readable,
    slos,
    alerts,
    recordingRules,
    thresholds: thresholdsWith(options.thresholds),
    target,
    createdSamples,
    intervals: intervalsWith(options.intervals, config.scrapeIntervalSeconds),
    remoteWriteUrl: options.remoteWriteUrl,
    remoteWriteTokenFile: options.remoteWriteTokenFile,
    externalLabels: options.externalLabels ?? {},
    receivers: receiversWith(options.receivers),
    quietHours: quietHoursWith(options.quietHours),
  });
}

/** A window of a rule as PromQL has it: what is asked for, but four scrapes at least, since a rate takes two. */
export function windowOf({ intervals }: Pick<BundleSettings, 'intervals'>, seconds: number): string {
  return duration(Math.max(minScrapes * intervals.scrapeSeconds, seconds / intervals.speedUp));
}

/** How long an alert must hold, in seconds. */
export function holdOf({ intervals }: Pick<BundleSettings, 'intervals'>, seconds: number): number {
  return seconds / intervals.speedUp;
}
