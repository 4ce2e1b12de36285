/** `MetricsEndpoint`: mounts `/metrics`, `/health` and `/ready` of a collector in one call. */
import { metricsError, shown } from '../lib/errors.js';
import type { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { RegistryCollector } from '../lib/recorders/recorder-options.js';
import { healthRouter } from './health-router.js';
import { metricsRouter } from './metrics-router.js';

/** The options of `MetricsEndpoint`. */
export interface MetricsEndpointOptions {
  /** The checks on which readiness depends. Default: no checks, always ready. */
  checks?: HealthChecks;
}

/** The target of `registerRoutes`: a Koa app, or a router of @koa/router. */
export interface RouteTarget {
  /** Mounts middleware. */
  use(...middleware: never[]): unknown;
}

/**
 * Mounts the endpoints of a collector in a Koa app: `GET /metrics` in the formats of Prometheus, `GET /health`, and `GET
 * /ready`, which is 503 while a check fails. For access rules and other paths use `metricsRouter` and `healthRouter`, on which
 * this class is built.
 * @example
 * new MetricsEndpoint(collector, { checks }).registerRoutes(app);
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export class MetricsEndpoint {
  readonly #collector: RegistryCollector;
  readonly #options: MetricsEndpointOptions;

  /** @throws ERR_METRICS_INVALID_OPTION for a collector without a registry, or unknown options */
  constructor(collector: RegistryCollector, options: MetricsEndpointOptions = {}) {
    checkFactoryOptions('MetricsEndpoint', options, { checks: true });
    if (collector?.registry === undefined) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid collector of MetricsEndpoint: expected a PrometheusMetricsCollector, received ${shown(collector)}.`,
      );
    }
    this.#collector = collector;
    this.#options = options;
  }

  /**
   * Mounts the routes.
   * @throws ERR_METRICS_INVALID_OPTION for anything but a Koa app or a router
   */
  registerRoutes(target: RouteTarget): void {
    if (typeof (target as Partial<RouteTarget> | null)?.use !== 'function') {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid target of registerRoutes: expected a Koa app or a router, received ${shown(target)}.`,
      );
    }
    const { registry } = this.#collector;
    const routes = [metricsRouter({ registry }).routes(), healthRouter(this.#options).routes()];
    // Both kinds of target accept Koa middleware.
    for (const route of routes) target.use(route as never);
  }
}
