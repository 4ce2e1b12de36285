/** The types of the settings of a service. */

/**
 * The settings of a service. `createMetrics` and others take a `Partial<MetricsConfig>` and use the defaults for the rest.
 * `lib/config.md` lists the environment variables and the defaults.
 */
export interface MetricsConfig {
  /** `false`: instruments, decorators and recorders record nothing, `/metrics` responds with 404, and nothing is pushed or saved. Default: true. */
  enabled: boolean;
  /** Host of the metrics server. Default: `0.0.0.0`. */
  endpoint: string;
  /** Port of the metrics server; 0 for any free port. Default: 9090. */
  port: number;
  /** Path of the metrics endpoint. Default: `/metrics`. */
  path: string;
  /** `service`, `version`, `environment` and any others: labels of every series that is pushed. */
  labels: Record<string, string>;
  /** Upper bounds of histograms, by unit. A set that equals the default does not replace the buckets of definitions. */
  buckets: BucketSets;
  /** How much history is kept. */
  retention: {
    /** Days that Prometheus keeps samples, in the bundle. Default: 30. */
    metrics: number;
    /** Samples per metric that the live dashboard keeps; a sample of a histogram has all its buckets. Default: 10,000. */
    samples: number;
  };
  /** Bearer token that a scrape must send; `undefined` allows any scrape. Default: none. */
  token?: string | undefined;
  /** File with the token; not with `token`. Default: none. */
  tokenFile?: string | undefined;
  /** Maximum number of series per metric. Default: 1,000. */
  maxSeries?: number;
  /** JSON file with views by metric (`MetricViews`), which `createMetrics` reads. Default: none. */
  viewsFile?: string | undefined;
  /** Whether the durations of the catalogue are native histograms too. Default: false. */
  nativeHistograms?: boolean;
  /** `false`: counters and histograms take no exemplars. Default: true. */
  exemplars?: boolean;
  /** Seconds between scrapes, and between pushes, from 0.1 to 86,400. Default: 15. */
  scrapeIntervalSeconds?: number;
  /** File for snapshots, which keep the values across restarts. Default: none. */
  snapshotFile?: string | undefined;
  /** URL of a Pushgateway. Default: none. */
  pushUrl?: string | undefined;
  /** Alias of `endpoint`. An alias takes precedence if both are given. */
  host?: string;
  /** Alias of `labels.service`. Default: `tamma`. */
  service?: string;
  /** Alias of `labels.version`. Default: `unknown`. */
  version?: string;
  /** Alias of `labels.environment`. Default: `development`. */
  environment?: string;
  /** Alias of `retention.metrics`. */
  retentionDays?: number;
  /** Alias of `retention.samples`. */
  retentionSamples?: number;
}

/** Upper bounds of histograms by unit, ascending, without +Inf. */
export interface BucketSets {
  /** Seconds: histograms whose names end in `_seconds`. */
  duration: number[];
  /** Bytes: histograms whose names end in `_bytes`. */
  size: number[];
  /** Per second: histograms whose names end in `_per_second`. The catalogue has none. */
  throughput: number[];
}

/** Settings with their defaults filled in, frozen. Aliases can be read, and are not enumerable. */
export type CompleteMetricsConfig = Readonly<Required<MetricsConfig>> & {
  readonly labels: Readonly<Record<'service' | 'version' | 'environment', string>>;
};
