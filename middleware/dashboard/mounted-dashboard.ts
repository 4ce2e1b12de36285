/** A dashboard as endpoints. Its parts are loaded when it is mounted, so that apps without one load nothing of it. */
import { type Clock, systemClock } from '../../lib/clock.js';
import { shown } from '../../lib/errors.js';
import { sharedRegistry } from '../../lib/registry.js';
import type { Endpoint, EndpointAnswer } from '../endpoint.js';
import { scrapeAccess } from '../scrape-access.js';
import { checkDashboardOptions, type DashboardOptions } from './dashboard-options.js';
// A type only.
import type { DashboardServer } from './dashboard-server.js';

export interface MountedDashboard {
  readonly endpoints: readonly Endpoint[];
  /** Ends the streams of open pages, so that a server can close. */
  endStreams(): void;
  /** Ends the readings and open pages, and writes the history. Never rejects. */
  close(): Promise<void>;
}

/**
 * @param where the factory, for messages
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function mountedDashboard(
  where: string,
  options: DashboardOptions,
  clock: Clock = systemClock,
): MountedDashboard {
  checkDashboardOptions(where, options);
  const { registry = sharedRegistry, path = '/dashboard' } = options;
  const warn = registry.warnOnce.bind(registry);
  const refusal = scrapeAccess(where, options, warn, clock, { isPage: true });
  const title = options.title ?? (process.env.SERVICE_NAME || 'tamma');
  let running: DashboardServer | undefined;
  const starting: Promise<DashboardServer> = import('./start-dashboard.js').then(async (module) => {
    running = await module.startDashboard({ ...options, title }, clock);
    return running;
  });
  starting.catch((error: unknown) =>
    warn(`dashboard ${path}`, () => ({
      code: 'METRICS_DASHBOARD_FAILED',
      message: `The dashboard at \`${path}\` could not be started: ${error instanceof Error ? error.message : shown(error)}. The service goes on without it.`,
      cause: error,
    })),
  );
  const endpoint = (at: string, answer: (server: DashboardServer, name: string) => Answerer): Endpoint => ({
    path: at,
    answer: async (request, parameter) =>
      (await refusal?.(request)) ?? answer(await starting, parameter)(request),
  });
  const folder = path.slice(path.lastIndexOf('/') + 1);
  return {
    endpoints: [
      // Relative, since a proxy may have removed the beginning of the path.
      endpoint(path, () => async () => ({
        status: 302,
        headers: { Location: `${folder}/`, 'Cache-Control': 'no-store' },
      })),
      endpoint(`${path}/`, (server) => (request) => server.answer('', request)),
      endpoint(`${path}/:file`, (server, name) => (request) => server.answer(name, request)),
    ],
    endStreams: () => running?.endStreams(),
    close: () =>
      starting.then(
        (server) => server.close(),
        () => {},
      ),
  };
}

type Answerer = (request: Parameters<Endpoint['answer']>[0]) => Promise<EndpointAnswer>;
