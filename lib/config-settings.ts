/** The settings of a service, by their types. */
/** The settings, as a service may write them: what is left out of `Partial<MetricsConfig>` has its default. */
export interface MetricsConfig {
  /** `false`: nothing is recorded, by instruments, decorators or recorders; /metrics answers 404, nothing is pushed or saved. */
  enabled: boolean;
  /** Host of the metrics server. */
  endpoint: string;
  /** Port of the metrics server; 0 takes a free one. */
  port: number;
  /** Path of the metrics endpoint. */
  path: string;
  /** `service`, `version` and `environment`, and any others: they are on every series that is pushed. */
  labels: Record<string, string>;
  /** Upper bounds of histograms. Those of a default are left to each metric's definition. */
  buckets: BucketSets;
  retention: {
    /** Days that Prometheus keeps samples, in the bundle. */
    metrics: number;
    /** Samples per metric that the live dashboard keeps; a sample of a histogram is all its buckets. */
    samples: number;
  };
  /** Bearer token that a scrape must show; `undefined` lets anyone scrape. */
  token?: string | undefined;
  /** File that holds the token. */
  tokenFile?: string | undefined;
  /** Series a metric may have. */
  maxSeries?: number;
  /** JSON file of views, by metric: see `MetricViews`. `createMetrics` reads it. */
  viewsFile?: string | undefined;
  /** Seconds between scrapes, and between pushes. */
  scrapeIntervalSeconds?: number;
  /** File that holds the state across restarts. */
  snapshotFile?: string | undefined;
  /** Pushgateway. */
  pushUrl?: string | undefined;
  /** `endpoint`, by another name. Like the five below, it wins where both are given. */
  host?: string;
  /** `labels.service`. */
  service?: string;
  /** `labels.version`. */
  version?: string;
  /** `labels.environment`. */
  environment?: string;
  /** `retention.metrics`. */
  retentionDays?: number;
  /** `retention.samples`. */
  retentionSamples?: number;
}

/** Upper bounds by what is measured. */
export interface BucketSets {
  /** Seconds: histograms whose names end in `_seconds`. */
  duration: number[];
  /** Bytes: histograms whose names end in `_bytes`. */
  size: number[];
  /** Per second: histograms whose names end in `_per_second`. The catalogue has none. */
  throughput: number[];
}

/** Settings with their defaults filled in, frozen. The other names of settings can be read, and are not enumerable. */
export type CompleteMetricsConfig = Readonly<Required<MetricsConfig>> & {
  readonly labels: Readonly<Record<'service' | 'version' | 'environment', string>>;
};
