/** The options of `createMetrics`. */

import type { CatalogueSubject } from '../lib/catalogue/catalogue.js';
import type { SnapshotOptions } from '../lib/durability/keep-snapshots.js';
import type { HealthChecks } from '../lib/health.js';
import type { OptionNames } from '../lib/option-names.js';
import type { HostTable } from '../lib/outbound/hosts.js';
import type { PushOptions } from '../lib/push/pushgateway.js';
import type { PriceTable } from '../lib/recorders/prices.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { MetricViews } from '../lib/views.js';
import type { MetricsServerOptions } from './metrics-server.js';

export interface CreateMetricsOptions {
  /** Where everything records. Default: `sharedRegistry`, which the decorators use too. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /**
   * Parts of the platform's catalogue whose metrics are registered, and so exposed, from the start: `['workflow', 'provider']`, or
   * `true` for all. Without it each metric registers when it is first recorded. Default: none.
   */
  readonly catalogue?: true | readonly CatalogueSubject[];
  /** Readiness. Default: `new HealthChecks()`, to which checks can be added. */
  readonly health?: HealthChecks;
  /** Prices of AI models, for `provider`. */
  readonly prices?: PriceTable;
  /**
   * Other names, fewer labels, other buckets, or none of it, by metric, as `registry.setViews` takes them. Those of METRICS_VIEWS_FILE
   * win over these, metric by metric.
   */
  readonly views?: MetricViews;
  /** Outbound requests: hosts beside those that are known, or `false` to leave them alone. Default: on. */
  readonly fetch?: false | { readonly hosts?: HostTable };
  /** Node's own metrics (`process_*`, `nodejs_*`), of prom-client. Default: on, unless the registry has them. */
  readonly defaultMetrics?: boolean;
  /** Value of the `revision` label of `build_info`. Default: `unknown`. */
  readonly revision?: string;
  /** The metrics server: TLS, who may scrape. `false` starts none, where the app mounts the routers itself. Default: on. */
  readonly server?: false | Omit<MetricsServerOptions, 'registry' | 'checks'>;
  /** The Pushgateway, where METRICS_PUSH_URL names one: job, grouping and the rest. Default: job is the service. */
  readonly push?: Omit<PushOptions, 'url' | 'registry' | 'intervalSeconds'>;
  /** The snapshot, where METRICS_SNAPSHOT_FILE names one: how old numbers may be that are restored. */
  readonly snapshots?: Omit<SnapshotOptions, 'file' | 'registry' | 'intervalSeconds'>;
  /**
   * Whether this is one of several processes of `node:cluster`, or has worker threads: the primary's server answers for all of
   * them; a worker has no server, and reports to the primary what it counts. Where the primary runs none of this package, as under PM2, a
   * warning says so within five seconds, and the workers elect one of themselves, which answers for all on the port that they
   * share. Snapshots are of the primary's own numbers: what workers counted lasts as long as the primary does. Each process pushes
   * a group of its own. A signal that stops the primary stops its workers first. Default: false; a worker of `node:cluster` that serves metrics without saying so is warned of.
   */
  readonly cluster?: boolean;
  /**
   * Seconds for which the service goes on answering after readiness has turned off, so that load balancers see it. Default: 5 where
   * `/ready` or `/readyz` has been asked for within a minute, or where NODE_ENV is `production` and there is a metrics server;
   * else 0, so that Ctrl-C is quick in development.
   */
  readonly drainSeconds?: number;
  /**
   * Ends the service's own work: awaited before the last numbers are taken. Called as soon as readiness is off. A server that it
   * returns, or several in an array, or a promise of those, is closed after `drainSeconds`: no new connections, idle ones closed, requests in
   * progress answered as long as `stopSeconds` allows. What outlives requests is to be closed here
   * too, or it is waited for: WebSockets, and with Node 20 and 22 the sessions of an HTTP/2 server.
   * @example
   * { drain: () => server }
   * { drain: async () => { await queue.close(); return server; } }
   */
  readonly drain?: () => unknown;
  /**
   * Whether `stop` waits for a scrape of the metrics server, one interval at most, once the work has ended. Where there is no
   * such server, or nothing is measured, it does not wait. Default: false.
   */
  readonly lastScrape?: boolean;
  /**
   * Seconds that all of `stop` may take; `drain` has half of them at least. Default: 25, within the 30 that Kubernetes gives.
   */
  readonly stopSeconds?: number;
  /**
   * Whether SIGTERM and SIGINT stop all that `createMetrics` made in this process, and then end it as they would have (as process 1 of
   * a container by exit code 143 or 130), where nobody else listens to them (the package signal-exit is nobody). One that comes
   * again ends it at once; within half a second it is the same one, which npm or nodemon has passed on. Unless NODE_ENV is `production`, stderr says what is waited for. Default: true.
   */
  readonly signals?: boolean;
}

/** What is told where an option is misspelt. */
export const createMetricsOptionNames = {
  registry: true,
  catalogue: true,
  health: true,
  prices: true,
  views: true,
  fetch: true,
  defaultMetrics: true,
  revision: true,
  server: true,
  push: true,
  snapshots: true,
  cluster: true,
  drainSeconds: true,
  drain: true,
  lastScrape: true,
  stopSeconds: true,
  signals: true,
} satisfies OptionNames<CreateMetricsOptions>;
