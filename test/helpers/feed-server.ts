/**
 * A server of the page and of a made-up feed: values are functions of time, so that tests know what the page must show. Its
 * process keeps nothing but the open connections.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type {
  Distribution,
  FeedEvents,
  HelloEvent,
  Level,
  MetricHistory,
  MetricMeta,
  TargetFeed,
  TargetStatus,
} from '../../lib/history/feed.js';
import type { Formula, Section } from '../../lib/history/panel.js';
import pageFiles from '../../middleware/dashboard/page-files.cjs';

/** A metric whose values are functions of unix seconds. */
export interface MadeUpMetric {
  readonly meta: Partial<MetricMeta> & Pick<MetricMeta, 'name' | 'type'>;
  readonly bounds?: readonly Level[];
  readonly tracks: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly valueAt: (seconds: number) => Level | Distribution;
  }[];
}

export interface FeedServer {
  readonly url: string;
  readonly port: number;
  /** Sends an event to every open page. */
  send<Name extends keyof FeedEvents>(event: Name, data: FeedEvents[Name]): void;
  /** Sends the values of now. */
  sample(): void;
  /** Answers with this status instead, until it is called without one. */
  refuse(status?: number): void;
  /** Ends all connections and stops listening. */
  stop(): Promise<void>;
  /** The paths that were requested. */
  readonly requests: string[];
}

export interface FeedServerOptions {
  readonly metrics: readonly MadeUpMetric[];
  readonly sections?: readonly Section[];
  readonly target?: Partial<TargetFeed>;
  readonly targets?: readonly string[];
  readonly status?: Partial<TargetStatus>;
  readonly port?: number;
  /** Seconds of history before the start. */
  readonly seconds?: number;
}

/** What the dashboard's own server sends with the page. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types = {
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
};
const files = pageFiles.readPageFiles();

export async function startFeedServer(t: ExecutionContext, options: FeedServerOptions): Promise<FeedServer> {
  const { metrics, seconds = 900 } = options;
  const started = Date.now();
  const pages = new Set<ServerResponse>();
  const requests: string[] = [];
  let refused: number | undefined;

  const historyOf = (
    { meta, bounds, tracks }: MadeUpMetric,
    from: number,
    to: number,
    points: number,
  ): MetricHistory => {
    const first = Math.max(from, started - seconds * 1_000);
    const step = Math.max(1_000, Math.ceil((to - first) / points / 1_000) * 1_000);
    const times: number[] = [];
    for (let time = Math.ceil(first / step) * step; time <= to; time += step) times.push(time);
    return {
      name: meta.name,
      type: meta.type,
      revision: 1,
      detail: 'series',
      combine: 'sum',
      ...(bounds === undefined ? {} : { bounds, lower: 0 }),
      tracks: tracks.map(({ labels }) => ({ labels })),
      times,
      values: tracks.map(({ valueAt }) =>
        times.map((time) => valueAt(time / 1_000)),
      ) as MetricHistory['values'],
    };
  };

  const statusOf = (id: string): TargetStatus => ({
    target: id,
    isUp: true,
    time: Date.now(),
    intervalSeconds: 1,
    alerts: [],
    ...options.status,
  });

  const hello = (): HelloEvent => ({
    version: 1,
    run: String(started),
    title: 'agents',
    now: Date.now(),
    targets: (options.targets ?? ['agents']).map((id) => ({
      id,
      name: id,
      about: { version: '1.2.3' },
      oldest: started - seconds * 1_000,
      sections: options.sections ?? [],
      hints: [],
      metrics: metrics.map(({ meta, tracks }) => ({
        help: '',
        unit: 'none',
        labels: [...new Set(tracks.flatMap(({ labels }) => Object.keys(labels)))],
        series: tracks.length,
        methods: [],
        promql: [],
        ...meta,
      })),
      status: statusOf(id),
      ...options.target,
    })),
  });

  const sampleOf = (target: string): FeedEvents['sample'] => {
    const time = Date.now();
    return {
      target,
      time,
      metrics: Object.fromEntries(
        metrics.map(({ meta, tracks }) => [
          meta.name,
          { revision: 1, values: tracks.map(({ valueAt }) => valueAt(time / 1_000)) as Level[] },
        ]),
      ),
    };
  };

  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(pathname);
    const name = pathname.replace('/dashboard/', '') || 'index.html';
    if (refused !== undefined) {
      response.writeHead(refused).end('{"error":"refused"}');
    } else if (name === 'events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(`retry: 2000\n\n${eventText('hello', hello())}`);
      pages.add(response);
      response.on('close', () => pages.delete(response));
    } else if (name === 'history') {
      const now = Date.now();
      const to = Math.min(now, Number(searchParams.get('to') ?? now));
      const found = metrics.filter(({ meta }) => searchParams.getAll('metric').includes(meta.name));
      const answer = found.map((metric) =>
        historyOf(metric, Number(searchParams.get('from')), to, Number(searchParams.get('points') ?? 240)),
      );
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ target: searchParams.get('target'), metrics: answer }));
    } else {
      const text = files[name];
      const extension = name.split('.').at(-1) as keyof typeof types;
      response.setHeader('content-security-policy', contentSecurityPolicy);
      response.setHeader('content-type', types[extension] ?? 'text/plain');
      response.writeHead(text === undefined ? 404 : 200).end(text);
    }
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const send = <Name extends keyof FeedEvents>(event: Name, data: FeedEvents[Name]): void => {
    for (const page of pages) page.write(eventText(event, data));
  };
  const sample = (): void => {
    for (const id of options.targets ?? ['agents']) send('sample', sampleOf(id));
  };
  const timer = setInterval(sample, 1_000);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  t.teardown(async () => {
    if (server.listening) await stop();
  });
  return {
    url: `http://127.0.0.1:${port}/dashboard/`,
    port,
    send,
    sample,
    refuse: (status) => {
      refused = status;
      if (status !== undefined) for (const page of pages) page.destroy();
    },
    stop,
    requests,
  };
}

function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A panel with one formula for its number and its line. */
export function panelOf(
  id: string,
  title: string,
  unit: Section['panels'][number]['unit'],
  formula: Formula,
  name = title,
): Section['panels'][number] {
  const metrics =
    'metric' in formula
      ? [formula.metric]
      : formula.ratio.flatMap((part) => ('metric' in part ? [part.metric] : []));
  return {
    id,
    title,
    description: `${title}, for the tests.`,
    unit,
    chart: 'line',
    lines: [{ name, formula }],
    tile: { unit, formula },
    metrics: [...new Set(metrics)],
  };
}
