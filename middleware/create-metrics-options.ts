/** The options of `createMetrics`. */
import type { CatalogueSubject } from '../lib/catalogue/catalogue.js';
import type { SnapshotOptions } from '../lib/durability/keep-snapshots.js';
import type { ExemplarOptions } from '../lib/exemplar-options.js';
import type { HealthChecks } from '../lib/health.js';
import type { OptionNames } from '../lib/option-names.js';
import type { HostTable } from '../lib/outbound/hosts.js';
import type { PushOptions } from '../lib/push/push-options.js';
import type { PriceTable } from '../lib/recorders/prices.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { MetricViews } from '../lib/views.js';
import type { MetricsServerOptions } from './metrics-server.js';
import type { ServedDashboard } from './page-option.js';

/** The options of `createMetrics`, for settings that are code. All others are configuration: `MetricsConfig`. */
export interface CreateMetricsOptions {
  /** The registry of all parts. Default: `sharedRegistry`, which the decorators use too. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /**
   * The parts of the catalogue whose metrics are registered, and so exposed, from the start: for example `['workflow',
   * 'provider']`, or `true` for all. Default: none; each metric is registered when it is first recorded.
   */
  readonly catalogue?: true | readonly CatalogueSubject[];
  /** The checks on which readiness depends. Default: `new HealthChecks()`, to which checks can be added. */
  readonly health?: HealthChecks;
  /** Prices of AI models in US dollars per million tokens, for `provider`. Default: no prices. */
  readonly prices?: PriceTable;
  /**
   * Views by metric, as `registry.setViews` takes them: other names, fewer labels, other buckets, or a metric switched off. Those
   * of METRICS_VIEWS_FILE take precedence, metric by metric. Default: none.
   */
  readonly views?: MetricViews;
  /**
   * Exemplars, as `registry.setExemplars` takes them: `false` takes none, and `contextLabels` selects labels of `withLabels` that
   * they get. METRICS_EXEMPLARS=false takes precedence. Default: as the registry has it, which is on.
   */
  readonly exemplars?: boolean | ExemplarOptions;
  /**
   * Whether outgoing requests of `fetch` are recorded, and hosts in addition to the known ones. `false` records none. Default:
   * on, with the known hosts.
   */
  readonly fetch?: false | { readonly hosts?: HostTable };
  /** Whether prom-client's metrics of Node (`process_*`, `nodejs_*`) are collected. Default: true, unless the registry has them. */
  readonly defaultMetrics?: boolean;
  /** Value of the `revision` label of `build_info`. Default: `unknown`. */
  readonly revision?: string;
  /**
   * Options of the metrics server: TLS, access. `false` starts no server, for apps that mount the routers themselves. Default:
   * a server without TLS and access rules beyond those of the configuration.
   */
  readonly server?: false | Omit<MetricsServerOptions, 'registry' | 'checks' | 'dashboard'>;
  /**
   * Whether the metrics server serves the live dashboard at `/dashboard`, with the access rules of `/metrics`; or its options. Its
   * history is kept across restarts beside the snapshots, where METRICS_SNAPSHOT_FILE is set. In a cluster it shows the aggregate.
   * An app that mounts the routers itself uses `dashboardRouter`. Default: false, and nothing of it is loaded.
   */
  readonly dashboard?: boolean | ServedDashboard;
  /** Options of pushes to the Pushgateway of METRICS_PUSH_URL. Default: the job is the name of the service. */
  readonly push?: Omit<PushOptions, 'url' | 'registry' | 'intervalSeconds'>;
  /** Options of the snapshots in METRICS_SNAPSHOT_FILE, for example the maximum age of restored values. */
  readonly snapshots?: Omit<SnapshotOptions, 'file' | 'registry' | 'intervalSeconds'>;
  /**
   * Whether this process belongs to a cluster of `node:cluster` or has worker threads. The server of the primary then answers
   * for all of them; a worker has no server and reports its values to the primary. If the primary does not run this package,
   * as under PM2, a warning says so within five seconds, and the workers elect one of themselves, which answers for all on the
   * shared port. Snapshots hold the values of the primary only: those of workers are lost when the primary ends. Each process
   * pushes a group of its own. A signal that stops the primary stops its workers first. Default: false, with a warning if a
   * worker of `node:cluster` starts a metrics server without this option.
   */
  readonly cluster?: boolean;
  /**
   * Seconds for which the service goes on answering requests after readiness is off, so that load balancers notice. Default:
   * 5 if `/ready` or `/readyz` was requested within the last minute, or if NODE_ENV is `production` and there is a metrics
   * server; else 0, so that Ctrl-C is quick in development.
   */
  readonly drainSeconds?: number;
  /**
   * Ends the service's own work. Called as soon as readiness is off, and awaited before the last values are recorded. If it
   * returns a server, several in an array, or a promise of those, they are closed after `drainSeconds`: no new connections are
   * accepted, idle ones are closed, and requests in progress are answered as long as `stopSeconds` allows. Close here also what
   * outlives requests, since it would be waited for: WebSockets, and in Node 20 and 22 the sessions of an HTTP/2 server.
   * Default: nothing to end.
   * @example
   * { drain: () => server }
   * { drain: async () => { await queue.close(); return server; } }
   */
  readonly drain?: () => unknown;
  /**
   * Whether `stop` waits for a last scrape of the metrics server after the work has ended, for at most one scrape interval. It
   * does not wait if there is no metrics server or METRICS_ENABLED is false. Default: false.
   */
  readonly lastScrape?: boolean;
  /**
   * Seconds that `stop` may take in total; at least half of them are available to `drain`. Default: 25, within the grace
   * period of 30 that Kubernetes allows.
   */
  readonly stopSeconds?: number;
  /**
   * Whether SIGTERM and SIGINT call `stop` of every `createMetrics` in this process, and then end the process as the signal
   * would have (process 1 of a container: with exit code 143 or 130). Applies only if the app has no listener of its own;
   * listeners of the package signal-exit are ignored. A second signal ends the process immediately, unless it arrives within
   * half a second, when it is the same one passed on by npm or nodemon. Unless NODE_ENV is `production`, stderr reports what
   * is being waited for. Default: true.
   */
  readonly signals?: boolean;
}

/** The names of the options, for the message about a misspelt one. */
export const createMetricsOptionNames = {
  registry: true,
  catalogue: true,
  health: true,
  prices: true,
  views: true,
  exemplars: true,
  fetch: true,
  defaultMetrics: true,
  revision: true,
  server: true,
  dashboard: true,
  push: true,
  snapshots: true,
  cluster: true,
  drainSeconds: true,
  drain: true,
  lastScrape: true,
  stopSeconds: true,
  signals: true,
} satisfies OptionNames<CreateMetricsOptions>;
