/** One call for an application: everything that the package has, put together. */
import type { Middleware } from 'koa';
import PrometheusRegistry from 'prom-client/lib/registry.js';
import { MetricsAggregator } from '../lib/aggregation.js';
import { buildInfo } from '../lib/catalogue/self.js';
import { PrometheusMetricsCollector } from '../lib/collector.js';
import { defaultMetricsConfig, type MetricsConfig } from '../lib/config.js';
import { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type FetchInstrumentation, instrumentFetch } from '../lib/recorders/fetch.js';
import type { HostTable } from '../lib/recorders/hosts.js';
import { PlatformMetrics } from '../lib/recorders/platform.js';
import type { PriceTable } from '../lib/recorders/prices.js';
import { ProviderMetrics } from '../lib/recorders/provider.js';
import { WorkflowMetrics } from '../lib/recorders/workflow.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
// Types only: koa and @koa/router are loaded by `start`, and by who imports the middleware.
import type { MetricsServer, MetricsServerOptions } from './metrics-server.js';
import { type RequestMetricsOptions, requestMetrics } from './request-metrics.js';

export interface CreateMetricsOptions {
  /** Where everything records. Default: `sharedRegistry`, which the decorators use too. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Readiness. Default: `new HealthChecks()`, to which checks can be added. */
  readonly health?: HealthChecks;
  /** Prices of AI models, for `provider`. */
  readonly prices?: PriceTable;
  /** Outbound requests: hosts beside those that are known, or `false` to leave them alone. Default: on. */
  readonly fetch?: false | { readonly hosts?: HostTable };
  /** Node's own metrics (`process_*`, `nodejs_*`), of prom-client. Default: on, unless the registry has them. */
  readonly defaultMetrics?: boolean;
  /** Value of the `revision` label of `build_info`. Default: `unknown`. */
  readonly revision?: string;
  /** The metrics server: TLS, who may scrape. `false` starts none, where the app mounts the routers itself. Default: on. */
  readonly server?: false | Omit<MetricsServerOptions, 'registry' | 'checks'>;
  /** Seconds between the moment at which readiness turns off and the end of the server. Default: 5. */
  readonly drainSeconds?: number;
}

export interface Metrics {
  readonly config: MetricsConfig;
  readonly registry: MetricsRegistry<StructuralRegistry>;
  /** The string-keyed facade, with the whole catalogue. */
  readonly collector: PrometheusMetricsCollector<StructuralRegistry>;
  readonly workflow: WorkflowMetrics;
  readonly provider: ProviderMetrics;
  readonly platform: PlatformMetrics;
  readonly health: HealthChecks;
  /** The middleware that measures requests; with METRICS_ENABLED=false it only calls the next. */
  requestMetrics(options?: Omit<RequestMetricsOptions, 'registry'>): Middleware;
  /** Where the metrics server is; `undefined` before `start`, and where none is started. */
  readonly url: string | undefined;
  /** Starts the metrics server, outbound measurement and derived gauges. A second call is the first one's. */
  start(): Promise<void>;
  /** Drains, closes the server, and takes everything off again. A second call is the first one's; without a start it ends at once. */
  stop(): Promise<void>;
}

/**
 * Puts together what a service needs. With METRICS_ENABLED=false nothing is measured or exposed: recorders and middleware
 * do nothing that shows, and the server answers health only.
 * @throws what the parts throw
 * @example
 * const metrics = createMetrics(loadMetricsConfig());
 * app.use(metrics.requestMetrics());
 * await metrics.start();
 * process.once('SIGTERM', () => metrics.stop());
 */
export function createMetrics(
  config: Partial<MetricsConfig> = {},
  options: CreateMetricsOptions = {},
): Metrics {
  checkFactoryOptions('createMetrics', options, optionNames);
  const settings: MetricsConfig = Object.freeze({ ...defaultMetricsConfig, ...config });
  const {
    registry = sharedRegistry,
    prices,
    fetch = {},
    defaultMetrics = true,
    revision = 'unknown',
  } = options;
  const { health = new HealthChecks({ registry }), drainSeconds = 5 } = options;
  registry.setMaxSeries(settings.maxSeries);
  const provider = new ProviderMetrics({ registry, ...(prices === undefined ? {} : { prices }) });
  const collector = new PrometheusMetricsCollector({ registry });
  let server: MetricsServer | undefined;
  let wire: FetchInstrumentation | undefined;
  let aggregator: MetricsAggregator | undefined;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const measure = async (): Promise<void> => {
    const { service, version } = settings;
    registry.gauge(buildInfo).set({ service, version, revision, node_version: process.version }, 1);
    aggregator = new MetricsAggregator({ registry });
    if (fetch !== false)
      wire = instrumentFetch({ registry, ...(fetch.hosts === undefined ? {} : { hosts: fetch.hosts }) });
    if (defaultMetrics) await collectNodeMetrics(registry);
  };
  const begin = async (): Promise<void> => {
    if (options.server !== false) {
      const { startMetricsServer } = await import('./metrics-server.js');
      server = await startMetricsServer(settings, { ...options.server, registry, checks: health });
    }
    // After the server: where it cannot listen, nothing has begun that would have to be undone.
    if (settings.enabled) await measure();
  };
  const end = async (): Promise<void> => {
    // A start that failed has been told to its caller.
    await starting?.catch(() => {});
    await health.drain({ seconds: server === undefined ? 0 : drainSeconds });
    await server?.close();
    wire?.stop();
    aggregator?.stop();
  };

  return {
    config: settings,
    registry,
    collector,
    workflow: new WorkflowMetrics({ registry }),
    provider,
    platform: new PlatformMetrics({ registry }),
    health,
    requestMetrics: (own = {}) =>
      settings.enabled ? requestMetrics({ ...own, registry }) : (_ctx, next) => next(),
    get url() {
      return server?.url;
    },
    start: () => {
      starting ??= begin();
      return starting;
    },
    stop: () => {
      stopping ??= starting === undefined ? Promise.resolve() : end();
      return stopping;
    },
  };
}

const optionNames = [
  'registry',
  'health',
  'prices',
  'fetch',
  'defaultMetrics',
  'revision',
  'server',
  'drainSeconds',
];

/** Of a prom-client registry, and of one that has none yet: prom-client throws at a name that is there. */
async function collectNodeMetrics({ prometheus }: MetricsRegistry<StructuralRegistry>): Promise<void> {
  if (
    !(prometheus instanceof PrometheusRegistry) ||
    prometheus.getSingleMetric('process_cpu_user_seconds_total') !== undefined
  )
    return;
  const { collectDefaultMetrics } = await import('prom-client');
  collectDefaultMetrics({ register: prometheus });
}
