/** `tamma-metrics watch`: the live dashboard over Prometheus endpoints, until Ctrl-C. */
import { readFile } from 'node:fs/promises';
import { scrapedTarget } from '../history/scraped-target.js';
import type { DashboardTarget } from '../history/target.js';
import type { Paint } from './paint.js';
import { choosePort, localHost } from './ports.js';
import { openSource, shownSource } from './source.js';

export interface WatchOptions {
  /** Default: 9091, or a free one if it is taken. */
  readonly port?: number;
  /** Seconds between two readings of each endpoint. */
  readonly interval: number;
  /** Seconds in which an endpoint must have answered. */
  readonly timeout: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A file with a bearer token, read for each request. */
  readonly tokenFile?: string;
  /** The maximum number of samples per metric. */
  readonly samples: number;
}

export interface WatchSurroundings {
  readonly paint: Paint;
  readonly say: (line: string) => void;
  /** Ends it. Default: SIGINT, SIGTERM and SIGHUP. */
  readonly signal?: AbortSignal;
}

const usualPort = 9_091;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Serves the page on 127.0.0.1 until a signal ends it.
 * @returns the exit code: 0
 * @throws Error for an address that cannot be used, or a port that is taken
 */
export async function watch(
  urls: readonly string[],
  options: WatchOptions,
  { paint, say, signal }: WatchSurroundings,
): Promise<number> {
  const addresses = [...new Set(urls.map(endpointUrl))];
  const port = await choosePort('--port', options.port, usualPort);
  const targets = addresses.map((address, index) => targetOf(address, String(index), options));
  // The page and its server are parts of the middleware; the program is above both.
  const { startWatchServer } = await import('../../middleware/dashboard/watch-server.js');
  const { url, close } = await startWatchServer({ targets, host: localHost, port });
  try {
    say(`${paint.bold('Dashboard')} ${url}`);
    say(`It shows ${targets.map((target) => target.url).join(', ')}. Ctrl-C ends it.`);
    await (signal === undefined ? ended() : aborted(signal));
  } finally {
    await close();
  }
  return 0;
}

function targetOf(address: string, id: string, options: WatchOptions): DashboardTarget {
  const { interval, timeout, headers, tokenFile, samples } = options;
  const url = shownSource(address);
  const { host } = new URL(address);
  return scrapedTarget({
    id,
    name: host,
    url,
    intervalSeconds: interval,
    maxSamples: samples,
    async read() {
      const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const { chunks } = await openSource(address, {
        headers: { ...authorization, ...headers },
        stdin: nothing(),
        timeout,
      });
      const parts: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of chunks) {
        const part = Buffer.from(chunk);
        bytes += part.length;
        if (bytes > maxBytes)
          throw new Error(`Cannot read \`${url}\`: expected at most ${maxBytes} bytes, received more.`);
        parts.push(part);
      }
      return Buffer.concat(parts).toString();
    },
  });
}

/** Bytes of the largest response that is read. */
const maxBytes = 256 * 2 ** 20;

/** A complete URL: the scheme may be left out, and the path is `/metrics` if it is left out. @throws Error */
export function endpointUrl(given: string): string {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error(
      `Invalid address \`${given}\`: expected an http or https URL, such as http://localhost:9100/metrics.`,
    );
  const url = new URL(text);
  if (url.pathname === '/') url.pathname = '/metrics';
  return url.href;
}

async function* nothing(): AsyncGenerator<string> {}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      for (const signal of signals) process.off(signal, end);
      resolve();
    };
    for (const signal of signals) process.on(signal, end);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
