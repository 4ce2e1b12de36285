/** The health and readiness endpoints in a Koa app. */
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type HealthRouterOptions, healthEndpoints } from './health-endpoints.js';
import { type KoaRoutes, koaRoutes } from './koa-routes.js';

/**
 * A router for a Koa app that answers
 * - `GET /health`: 200 with `{ status: 'healthy', timestamp, uptime }` as long as the process can respond; it runs no check;
 * - `GET /ready`: 200 with `{ status: 'ready' }`, or 503 with `{ status: 'not ready' }`, and the status of each check;
 * - `GET /livez` and `GET /readyz`: the same as text, as the Kubernetes API server does it, with `?verbose`, `?exclude=name`
 *   and single checks (`/readyz/database`).
 *
 * OPTIONS gets the status of GET without a body, since HAProxy's `option httpchk` probes with it. Other methods get 405.
 * `/health` and `/ready` answer in `application/health+json` if Accept prefers it.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(healthRouter({ checks }).routes());
 * @see https://kubernetes.io/docs/reference/using-api/health-checks/
 */
export function healthRouter(options: HealthRouterOptions = {}): KoaRoutes {
  checkFactoryOptions('healthRouter', options, { checks: true, details: true });
  return koaRoutes('healthRouter', healthEndpoints('healthRouter', options));
}
