/** The options of a dashboard. */
import { HealthChecks } from '../../lib/health.js';
import { expectedInterval, isInterval } from '../../lib/interval.js';
import { isMetricsPath } from '../../lib/metrics-path.js';
import { invalidOption, type OptionNames } from '../../lib/option-names.js';
import type { MetricsRegistry } from '../../lib/registry.js';
import type { StructuralRegistry } from '../../lib/structural-registry.js';
import type { ScrapeAccess } from '../scrape-access.js';
import type { ScrapeSource } from '../scrape-endpoint.js';

/**
 * The options of `dashboardRouter`. The access rules are those of `/metrics`. A browser cannot send a bearer token by itself: it asks
 * for a user and a password, and the token is accepted as the password of any user.
 */
export interface DashboardOptions extends ScrapeAccess {
  /** The shown registry, including the third-party metrics in it. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** The path of the page. Default: `/dashboard`. */
  readonly path?: string;
  /** The title of the page. Default: the name of the service in the environment, SERVICE_NAME. */
  readonly title?: string;
  /** Seconds between two readings of the registry while no page is open, 0.1 to 86,400. Default: 15. */
  readonly intervalSeconds?: number;
  /** The maximum number of samples to keep per metric, METRICS_RETENTION_SAMPLES. Default: 10,000. */
  readonly retentionSamples?: number;
  /** The health checks to show. They are run while a page is open. Default: none. */
  readonly checks?: HealthChecks;
  /** Whether the reason why a check failed is shown. Default: false. */
  readonly details?: boolean;
  /** A file that keeps the history across restarts. Default: none. */
  readonly historyFile?: string;
  /** The number of pages that may be open at the same time. Further ones get 503 with Retry-After. Default: 20. */
  readonly maxPages?: number;
  /**
   * Whether the metrics of all worker processes and threads that called `joinCluster` are shown, each metric by its aggregator. For
   * the primary of a cluster. Default: false, this process only.
   */
  readonly cluster?: boolean | ScrapeSource;
}

export const dashboardOptionNames = {
  registry: true,
  path: true,
  title: true,
  intervalSeconds: true,
  retentionSamples: true,
  checks: true,
  details: true,
  historyFile: true,
  maxPages: true,
  cluster: true,
  token: true,
  tokenFile: true,
  basicAuth: true,
  allowFrom: true,
  trustedProxies: true,
} satisfies OptionNames<DashboardOptions>;

/** @throws ERR_METRICS_INVALID_OPTION */
export function checkDashboardOptions(where: string, options: DashboardOptions): void {
  const { path, title, intervalSeconds, retentionSamples, historyFile, maxPages } = options;
  const { checks, details, cluster } = options;
  if (path !== undefined && (typeof path !== 'string' || path === '/' || !isMetricsPath(path)))
    throw invalidOption(where, 'path', 'a path such as `/dashboard`, without patterns', path);
  if (title !== undefined && typeof title !== 'string') throw invalidOption(where, 'title', 'a text', title);
  if (intervalSeconds !== undefined && !isInterval(intervalSeconds))
    throw invalidOption(where, 'intervalSeconds', expectedInterval, intervalSeconds);
  for (const [name, value] of Object.entries({ retentionSamples, maxPages }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw invalidOption(where, name, 'a positive integer', value);
  if (checks !== undefined && !(checks instanceof HealthChecks))
    throw invalidOption(where, 'checks', 'new HealthChecks({ checks })', checks);
  if (details !== undefined && typeof details !== 'boolean')
    throw invalidOption(where, 'details', 'true or false', details);
  if (historyFile !== undefined && (typeof historyFile !== 'string' || /^$|[/\\]$/.test(historyFile)))
    throw invalidOption(where, 'historyFile', 'the path of a file', historyFile);
  if (cluster !== undefined && typeof cluster !== 'boolean' && typeof cluster !== 'function')
    throw invalidOption(where, 'cluster', 'true, false or a function', cluster);
}
