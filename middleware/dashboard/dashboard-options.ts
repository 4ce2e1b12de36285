/** The options of a dashboard. */
import { HealthChecks } from '../../lib/health.js';
import { invalidOption, type OptionNames } from '../../lib/option-names.js';
import type { MetricsRegistry } from '../../lib/registry.js';
import type { StructuralRegistry } from '../../lib/structural-registry.js';
import { checkPageOptions, type DashboardPageOptions } from '../page-option.js';
import type { ScrapeAccess } from '../scrape-access.js';
import type { ScrapeSource } from '../scrape-endpoint.js';

/**
 * The options of `dashboardRouter`. The access rules are those of `/metrics`. A browser cannot send a bearer token by itself: it asks
 * for a user and a password, and the token is accepted as the password of any user.
 */
export interface DashboardOptions extends ScrapeAccess, DashboardPageOptions {
  /** The shown registry, including the third-party metrics in it. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** The health checks to show. They are run while a page is open. Default: none. */
  readonly checks?: HealthChecks;
  /** Whether the reason why a check failed is shown. Default: false. */
  readonly details?: boolean;
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
  checkPageOptions(where, options);
  const { checks, details, cluster } = options;
  if (checks !== undefined && !(checks instanceof HealthChecks))
    throw invalidOption(where, 'checks', 'new HealthChecks({ checks })', checks);
  if (details !== undefined && typeof details !== 'boolean')
    throw invalidOption(where, 'details', 'true or false', details);
  if (cluster !== undefined && typeof cluster !== 'boolean' && typeof cluster !== 'function')
    throw invalidOption(where, 'cluster', 'true, false or a function', cluster);
}
