/** Requests that are no work of the service: probes and scrapes. A probe that fails says so itself, and no user was turned away. */
import type { Matches } from './promql/expression.js';

/** Routes of the package's own routers, where they are mounted at the root and METRICS_PATH is left alone. */
const probesAndScrapes = [
  '/metrics',
  '/health',
  '/ready',
  '/livez',
  '/livez/:check',
  '/readyz',
  '/readyz/:check',
];

/** Of metrics of inbound requests: all that is not a probe or a scrape. */
export const workRequests = { route: { noneOf: probesAndScrapes } } as const satisfies Matches;
