/** Health and readiness in a Koa app. */
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type HealthEndpointOptions, healthEndpoints } from './health-endpoints.js';
import { type KoaRoutes, koaRoutes } from './koa-routes.js';

export type HealthRouterOptions = HealthEndpointOptions;

/**
 * A router that answers
 * - `GET /health`: 200 as long as the process can answer at all, `{ status: 'healthy', timestamp, uptime }`; it runs no check;
 * - `GET /ready`: 200 `{ status: 'ready' }`, or 503 `{ status: 'not ready' }`, with the status of each check;
 * - `GET /livez` and `GET /readyz`: the same as text, as Kubernetes' API server has them, with `?verbose`, `?exclude=name` and
 *   single checks (`/readyz/database`); what is not ready is 503.
 *
 * OPTIONS has the status of GET and no body: HAProxy's `option httpchk` probes with it. Other methods are 405.
 *
 * `/health` and `/ready` answer in `application/health+json` where Accept asks for it.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(healthRouter({ checks }).routes());
 */
export function healthRouter(options: HealthRouterOptions = {}): KoaRoutes {
  checkFactoryOptions('healthRouter', options, { checks: true, details: true });
  return koaRoutes('healthRouter', healthEndpoints('healthRouter', options));
}
