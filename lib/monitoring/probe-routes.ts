/** Separates the requests of users from probes and scrapes, whose failures are reported by alerts of their own. */
import type { Matches } from './promql/expression.js';

/** Routes of this package's routers, mounted at the root and with the default METRICS_PATH. */
const probesAndScrapes = [
  '/metrics',
  '/health',
  '/ready',
  '/livez',
  '/livez/:check',
  '/readyz',
  '/readyz/:check',
];

/** Matches inbound requests that are neither probes nor scrapes. */
export const workRequests = { route: { noneOf: probesAndScrapes } } as const satisfies Matches;
