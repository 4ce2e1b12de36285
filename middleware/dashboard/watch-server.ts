/** The server of `tamma-metrics watch`: the dashboard of any targets, for browsers of this machine. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../lib/clock.js';
import { dashboardFeed } from '../../lib/history/dashboard-feed.js';
import type { DashboardTarget } from '../../lib/history/target.js';
import { closable } from '../close-server.js';
import { type Endpoint, type EndpointRequest, endpointFinder } from '../endpoint.js';
import { nodeHandler } from '../node-answer.js';
import { dashboardServer } from './dashboard-server.js';

export interface WatchServerOptions {
  readonly targets: readonly DashboardTarget[];
  readonly host: string;
  readonly port: number;
}

export interface WatchServer {
  /** The address of the page. */
  readonly url: string;
  close(): Promise<void>;
}

const maxPages = 20;

/** Rejects if it cannot listen there. */
export async function startWatchServer({ targets, host, port }: WatchServerOptions): Promise<WatchServer> {
  const feed = dashboardFeed({
    title: targets.map(({ name }) => name).join(', '),
    targets,
    rules: [],
    run: randomBytes(6).toString('hex'),
    now: () => systemClock.timestamp(),
  });
  const pages = dashboardServer({ feed, clock: systemClock, maxPages });
  const endpoint = (path: string, nameOf: (parameter: string) => string): Endpoint => ({
    path,
    answer: async (request, parameter) =>
      isLocal(request) ? pages.answer(nameOf(parameter), request) : { status: 403, headers: {} },
  });
  const find = endpointFinder([endpoint('/', () => ''), endpoint('/:file', (file) => file)]);
  const server = createServer(nodeHandler(find));
  const close = closable(server);
  server.listen(port, host);
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${taken}/`,
    async close() {
      await pages.close();
      await close(1);
    },
  };
}

/** Whether a page of this machine asks: the name of another site may have been made to lead here. */
function isLocal({ header }: EndpointRequest): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(header('host') ?? '');
}
