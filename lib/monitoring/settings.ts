/** The options of a bundle and their defaults. */
import { catalogueNativeHistograms } from '../bucket-sets.js';
import { isOfCatalogue } from '../catalogue/catalogue.js';
import { metricsConfigOf } from '../config.js';
import type { CompleteMetricsConfig, MetricsConfig } from '../config-settings.js';
import type { MetricDefinition } from '../definition.js';
import { checkFactoryOptions } from '../option-checks.js';
import type { OptionNames } from '../option-names.js';
import { type Receivers, receiversWith } from './alertmanager/alertmanager-receivers.js';
import { type BundleIntervals, intervalsWith, minScrapes } from './alertmanager/intervals.js';
import { type QuietHours, quietHoursWith } from './alertmanager/quiet-hours.js';
import { type Thresholds, thresholdsWith } from './alerts/thresholds.js';
import { type BundleIdentity, identityOf } from './bundle-identity.js';
import { type BundlePart, definitionsOf, exposedDefinitions, partsOf } from './bundle-parts.js';
import { check } from './checks.js';
import type { Alert, RecordingRule } from './model.js';
import { duration } from './promql/expression.js';
import type { Slo } from './slo/slo-model.js';
import * as thirdPartyMetrics from './third-party-metrics.js';

/** Version of Prometheus that the files are generated for. */
export type PrometheusVersion = '2.42' | '3';

/** Options of `generateBundle`. */
export interface BundleOptions {
  /**
   * The service's own settings, of which the bundle uses the name, version, environment, port, path, token, series budget, retention,
   * scrape interval and Pushgateway. Default: the defaults of the environment variables; the environment is not read.
   */
  readonly config?: Partial<MetricsConfig>;
  /** `host:port` of each process of the service. Default: `127.0.0.1` and the port of `config`. */
  readonly targets?: readonly string[];
  /** `host:port` of Alertmanager. Default: `127.0.0.1:9093`. */
  readonly alertmanager?: string;
  /** `host:port` of Prometheus. Default: `127.0.0.1:9090`, or port 9091 if the service listens on 9090. */
  readonly prometheus?: string;
  /** URL of Grafana, for links in alerts. Default: `http://127.0.0.1:3001`. */
  readonly grafanaUrl?: string;
  /** URL of the folder with the runbooks, for links in alerts. Default: `runbooks`, a relative path that no pager can open. */
  readonly runbookUrl?: string;
  /**
   * The parts of the service to generate alerts, dashboards, recording rules and runbooks for. Default: all of `bundleParts` without
   * `definitions`; with them, `http`, `process` and `pipeline`, and each other part whose metrics are among the definitions or are
   * read by the SLOs, alerts and recording rules.
   */
  readonly include?: readonly BundlePart[];
  /** The service's own definitions, and the catalogue's definitions that it uses. Default: none. */
  readonly definitions?: readonly MetricDefinition[];
  /** SLOs besides those of the parts, made with `defineSlo`. Default: none. */
  readonly slos?: readonly Slo[];
  /** Alerts besides those of the parts. Default: none. */
  readonly alerts?: readonly Alert[];
  /** Recording rules besides those of the parts. Default: none. */
  readonly recordingRules?: readonly RecordingRule[];
  /** Thresholds that replace values of `defaultThresholds`. */
  readonly thresholds?: Partial<Thresholds>;
  /** Prometheus that the files are for. Prometheus 3 also accepts the files for 2.42. Default: `2.42`. */
  readonly target?: PrometheusVersion;
  /**
   * Whether the service exposes `_created` samples (`createdSamples` of its endpoint). Prometheus 3 is then started with a feature
   * that takes them as the start of each series, so that the first events count. Default: false.
   */
  readonly createdSamples?: boolean;
  /**
   * Whether quantiles and latency SLOs are written over native histograms, which the service exposes with
   * METRICS_NATIVE_HISTOGRAMS=on, and with `native` of its own definitions. Prometheus scrapes them by protobuf, beside the classic
   * ones: `feature` enables its feature `native-histograms`, for 3.0 to 3.8; `setting` writes `scrape_native_histograms`, for 3.8 and
   * later. It requires the target `3`. Default: false, which a histogram without classic buckets excludes.
   */
  readonly nativeHistograms?: false | 'feature' | 'setting';
  /** Intervals of scrapes, evaluations and notifications, in seconds. */
  readonly intervals?: Partial<BundleIntervals>;
  /** URL for remote write, of Mimir or Thanos Receive for instance; http or https, without credentials. Default: no remote write. */
  readonly remoteWriteUrl?: string;
  /** File with the bearer token for `remoteWriteUrl`. Default: none. */
  readonly remoteWriteTokenFile?: string;
  /** `external_labels` of Prometheus besides `environment`. Default: none. */
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** Receivers of notifications. Default: placeholder files, `alertmanager/receivers/*.url`, and `nowhere` for `log`. */
  readonly receivers?: Partial<Receivers>;
  /** When tickets and information wait, or `false` for never. Default: 20:00 to 07:00 and weekends, in UTC. */
  readonly quietHours?: Partial<QuietHours> | false;
}

type Optional = 'include' | 'quietHours' | 'remoteWriteUrl' | 'remoteWriteTokenFile';

/** The options of a bundle, checked and complete. */
export interface BundleSettings extends BundleIdentity, Required<Omit<BundleOptions, Optional>> {
  /** The service's own settings. */
  readonly config: CompleteMetricsConfig;
  /** Label `job` of the service in Prometheus: its name. */
  readonly job: string;
  /** The parts to generate alerts, dashboards, recording rules and runbooks for. */
  readonly parts: ReadonlySet<BundlePart>;
  /** The catalogue's definitions of the parts, then the user's own: what the bundle must cover. */
  readonly definitions: readonly MetricDefinition[];
  /** `definitions`, and those that every service with this package exposes. */
  readonly exposed: readonly MetricDefinition[];
  /** The user's own definitions. */
  readonly ownDefinitions: readonly MetricDefinition[];
  /** The definitions that rules may read, by name: `exposed`, and those of Node, Prometheus and Alertmanager. */
  readonly readable: ReadonlyMap<string, MetricDefinition>;
  /** Names of the histograms that Prometheus stores as native ones. */
  readonly natives: ReadonlySet<string>;
  /** The thresholds of the alerts. */
  readonly thresholds: Thresholds;
  /** Intervals of scrapes, evaluations and notifications. */
  readonly intervals: BundleIntervals;
  /** URL for remote write. */
  readonly remoteWriteUrl: string | undefined;
  /** File with the bearer token for `remoteWriteUrl`. */
  readonly remoteWriteTokenFile: string | undefined;
  /** The receivers of notifications. */
  readonly receivers: Receivers;
  /** When tickets and information wait; `undefined` for never. */
  readonly quietHours: QuietHours | undefined;
}

const optionNames: OptionNames<BundleOptions> = {
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
  nativeHistograms: true,
  quietHours: true,
};

/** @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_INVALID_MONITORING */
export function bundleSettings(options: BundleOptions = {}): BundleSettings {
  checkFactoryOptions('generateBundle', options, optionNames);
  for (const list of ['targets', 'definitions', 'slos', 'alerts', 'recordingRules'] as const)
    check(Array.isArray(options[list] ?? []), `\`${list}\``, 'an array', options[list]);
  const config = metricsConfigOf(options.config);
  const { slos = [], alerts = [], recordingRules = [], target = '2.42', createdSamples = false } = options;
  check(typeof createdSamples === 'boolean', '`createdSamples`', 'true or false', createdSamples);
  const { nativeHistograms = false } = options;
  const forms = [false, 'feature', 'setting'] as const;
  check(
    forms.includes(nativeHistograms),
    '`nativeHistograms`',
    'false, "feature" or "setting"',
    nativeHistograms,
  );
  const isPossible = nativeHistograms === false || target === '3';
  check(
    isPossible,
    '`target`',
    '"3" with `nativeHistograms`, since 2.42 stores no classic ones beside them',
    target,
  );
  check(['2.42', '3'].includes(target), '`target`', '"2.42" or "3"', target);
  // The name is used in expressions, templates and links, each of which would need other escapes.
  const isName = /^[^"\\{}\p{Cc}]+$/u.test(config.service);
  const expected = 'a name without quotes, backslashes, braces or control characters';
  check(isName, 'name of the service (SERVICE_NAME)', expected, config.service);
  const parts = partsOf(options.include, { ...options, slos, alerts, recordingRules });
  const definitions = definitionsWith(parts, options.definitions);
  if (nativeHistograms === false) checkClassic(definitions.exposed);
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
    ...definitions,
    nativeHistograms,
    natives: nativeHistograms === false ? new Set<string>() : nativeNames(definitions.exposed),
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

/** Without buckets, quantiles and latency SLOs would be over nothing. @throws ERR_METRICS_INVALID_MONITORING */
function checkClassic(exposed: readonly MetricDefinition[]): void {
  for (const definition of exposed) {
    const isClassic = definition.type !== 'histogram' || definition.buckets.length > 0;
    const expected = `"feature" or "setting", since histogram \`${definition.name}\` is only native`;
    const remedy = 'Or give it `buckets` too.';
    check(isClassic, '`nativeHistograms` (--native-histograms)', expected, false, remedy);
  }
}

/** The durations of the catalogue, which METRICS_NATIVE_HISTOGRAMS makes native, and histograms that are defined so. */
function nativeNames(exposed: readonly MetricDefinition[]): ReadonlySet<string> {
  const durations = catalogueNativeHistograms();
  const natives = exposed.filter(
    (definition) =>
      definition.type === 'histogram' &&
      (definition.native !== undefined || (durations.has(definition.name) && isOfCatalogue(definition))),
  );
  return new Set(natives.map(({ name }) => name));
}

function definitionsWith(
  parts: ReadonlySet<BundlePart>,
  given: readonly MetricDefinition[] = [],
): Pick<BundleSettings, 'definitions' | 'exposed' | 'ownDefinitions' | 'readable'> {
  const ofCatalogue = exposedDefinitions(parts);
  const ownDefinitions = given.filter(
    (definition) => !(isOfCatalogue(definition) && ofCatalogue.some(({ name }) => name === definition.name)),
  );
  const exposed = [...ofCatalogue, ...ownDefinitions];
  const readable = new Map<string, MetricDefinition>();
  for (const definition of [...exposed, ...Object.values(thirdPartyMetrics)]) {
    const { name } = definition;
    check(!readable.has(name), 'definition', 'a name that no other metric has', name);
    readable.set(name, definition);
  }
  return { definitions: [...definitionsOf(parts), ...ownDefinitions], exposed, ownDefinitions, readable };
}

/** The window of a rule in PromQL: the given seconds, but at least four scrapes, since a rate needs two. */
export function windowOf({ intervals }: Pick<BundleSettings, 'intervals'>, seconds: number): string {
  return duration(Math.max(minScrapes * intervals.scrapeSeconds, seconds / intervals.speedUp));
}

/** The `for` of an alert, in seconds. */
export function holdOf({ intervals }: Pick<BundleSettings, 'intervals'>, seconds: number): number {
  return seconds / intervals.speedUp;
}
