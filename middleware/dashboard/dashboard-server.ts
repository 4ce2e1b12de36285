/** The requests of the dashboard: its page, the stream of events, and histories. Loaded when a dashboard is mounted. */
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Clock } from '../../lib/clock.js';
import { acceptsGzip } from '../../lib/exposition/negotiate.js';
import type { DashboardFeed } from '../../lib/history/dashboard-feed.js';
import type { FeedError } from '../../lib/history/feed.js';
import type { HistoryRange } from '../../lib/history/history-answer.js';
import type { DashboardTarget } from '../../lib/history/target.js';
import { type EndpointAnswer, type EndpointRequest, refusedMethod } from '../endpoint.js';
import { type EventStream, eventStream } from './event-stream.js';
import { historiesIn, metricsIn, queryIn, rangeIn } from './feed-requests.js';
import { pageAssets, safeHeaders } from './page-assets.js';

export interface DashboardServerOptions {
  readonly feed: DashboardFeed;
  readonly clock: Clock;
  /** Pages that may be open at the same time. */
  readonly maxPages: number;
}

export interface DashboardServer {
  /** Answers a request. @param name what follows the path of the page: empty for the page, `events`, or the name of a file */
  answer(name: string, request: EndpointRequest): Promise<EndpointAnswer>;
  /** Ends the streams of open pages. */
  endStreams(): void;
  /** Ends the streams and the readings. */
  close(): Promise<void>;
}

export function dashboardServer({ feed, clock, maxPages }: DashboardServerOptions): DashboardServer {
  const assets = pageAssets();
  const streams = new Set<EventStream>();
  let isClosed = false;

  const events = (request: EndpointRequest): EndpointAnswer => {
    const headers = {
      ...safeHeaders,
      // `no-transform` and the header of nginx: compression and buffers would hold events back.
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
      'Content-Type': 'text/event-stream; charset=utf-8',
    };
    if (request.method === 'HEAD') return { status: 200, headers };
    if (isClosed || streams.size >= maxPages) {
      const busy = refused(503, isClosed ? 'The server is closing.' : `${maxPages} pages are open already.`);
      return { ...busy, headers: { ...busy.headers, 'Retry-After': '10' } };
    }
    let disconnect = (): void => {};
    const stream = eventStream(request.connection, clock, () => {
      streams.delete(stream);
      disconnect();
    });
    streams.add(stream);
    // An open page is no request in flight.
    request.connection.becomesSession?.();
    try {
      disconnect = feed.connect(metricsIn(request.query), (event) => stream.send(event));
    } catch (error) {
      // Its place is free again.
      stream.end();
      throw error;
    }
    // The page has left already.
    if (!streams.has(stream)) disconnect();
    return { status: 200, headers, body: stream.body, isSession: true };
  };

  const targetIn = ({ query }: EndpointRequest): DashboardTarget | undefined => {
    const id = query.get('target');
    if (id === null) return feed.targets.length === 1 ? feed.targets[0] : undefined;
    return feed.targets.find((target) => target.id === id);
  };
  /** A history may have 100,000 numbers: the event loop turns after each. */
  const historyText = async (
    target: DashboardTarget,
    names: readonly string[],
    range: HistoryRange,
  ): Promise<string> => {
    const metrics: string[] = [];
    for (const name of names) {
      for (const each of feed.history(target, [name], range).metrics) metrics.push(JSON.stringify(each));
      await turn();
    }
    return `{"target":${JSON.stringify(target.id)},"metrics":[${metrics.join()}]}`;
  };
  const histories = async (name: 'history' | 'query', request: EndpointRequest): Promise<EndpointAnswer> => {
    const target = targetIn(request);
    const ids = feed.targets.map(({ id }) => `\`${id}\``).join(', ');
    if (target === undefined) return refused(404, `Unknown target: expected one of ${ids}.`);
    const range = rangeIn(request.query);
    const names = historiesIn(request.query);
    if (names.length === 0) return refused(400, 'Missing `metric`: expected the name of a metric.');
    const text =
      name === 'history'
        ? await historyText(target, names, range)
        : JSON.stringify(await feed.query(target, queryIn(request.query), range));
    return packed(request, jsonText(200, text));
  };

  return {
    async answer(name, request) {
      const refusal = refusedMethod(request);
      if (refusal !== undefined) return { ...refusal, headers: { ...safeHeaders, ...refusal.headers } };
      if (name === 'events') return events(request);
      if (name === 'history' || name === 'query') return histories(name, request);
      return (
        (await assets(name === '' ? 'index.html' : name, request)) ?? refused(404, 'There is nothing here.')
      );
    },
    endStreams() {
      for (const stream of [...streams]) stream.end();
    },
    async close() {
      isClosed = true;
      for (const stream of [...streams]) stream.end();
      await feed.stop();
    },
  };
}

function jsonText(status: number, body: string): EndpointAnswer {
  return {
    status,
    headers: {
      ...safeHeaders,
      'Cache-Control': 'no-store',
      'Content-Type': 'application/json; charset=utf-8',
    },
    body,
  };
}

/** The answer, compressed if it is large: numbers shrink to a tenth. */
async function packed(request: EndpointRequest, answer: EndpointAnswer): Promise<EndpointAnswer> {
  const { status, headers, body } = answer;
  if (typeof body !== 'string' || body.length < 4_096 || !acceptsGzip(request.header('accept-encoding')))
    return answer;
  const zipped = await promisify(gzip)(body, { level: constants.Z_BEST_SPEED });
  return {
    status,
    headers: {
      ...headers,
      'Content-Encoding': 'gzip',
      'Content-Length': String(zipped.length),
      Vary: 'Accept-Encoding',
    },
    body: Readable.from([zipped]),
  };
}

function refused(status: number, error: string): EndpointAnswer {
  return jsonText(status, JSON.stringify({ error } satisfies FeedError));
}
