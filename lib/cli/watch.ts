/** `tamma-metrics watch`: the live dashboard over Prometheus endpoints, until Ctrl-C. */
import { readFile } from 'node:fs/promises';
import { protobufFormat } from '../exposition/protobuf-format.js';
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

/** Serves the page of some targets; rejects if it cannot listen there. It is a part of the middleware, which is above this. */
export type ServePage = (options: {
  readonly targets: readonly DashboardTarget[];
  readonly host: string;
  readonly port: number;
}) => Promise<{ readonly url: string; close(): Promise<void> }>;

export interface WatchSurroundings {
  readonly paint: Paint;
  readonly say: (line: string) => void;
  readonly servePage: ServePage;
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
  { paint, say, servePage, signal }: WatchSurroundings,
): Promise<number> {
  const addresses = [...new Set(urls.map(endpointUrl))];
  const port = await choosePort('--port', options.port, usualPort);
  const targets = addresses.map((address, index) => targetOf(address, String(index), options));
  const { url, close } = await servePage({ targets, host: localHost, port });
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
  const { interval, samples } = options;
  return scrapedTarget({
    id,
    name: new URL(address).host,
    url: shownSource(address),
    intervalSeconds: interval,
    maxSamples: samples,
    read: reader(address, options),
  });
}

/** Protobuf first, which has native histograms. An endpoint that has not answered yet is also asked for text only. */
const acceptsProtobuf = `${protobufFormat.contentType.replaceAll(' ', '')},text/plain;version=0.0.4;q=0.8,application/openmetrics-text;version=1.0.0;q=0.5`;

function reader(address: string, options: WatchOptions): () => Promise<Buffer> {
  const { timeout, headers, tokenFile } = options;
  let preferred: string | undefined = acceptsProtobuf;
  let hasAnswered = false;
  const read = async (accept?: string): Promise<Buffer> => {
    const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { chunks } = await openSource(address, {
      headers: { ...authorization, ...headers },
      ...(accept === undefined ? {} : { accept }),
      stdin: nothing(),
      timeout,
    });
    return collected(chunks, shownSource(address));
  };
  return async () => {
    try {
      const exposition = await read(preferred);
      hasAnswered = true;
      return exposition;
    } catch (error) {
      if (hasAnswered) throw error;
      const exposition = await read().catch(() => {
        throw error;
      });
      [preferred, hasAnswered] = [undefined, true];
      return exposition;
    }
  };
}

async function collected(chunks: AsyncIterable<Uint8Array | string>, url: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > maxBytes)
      throw new Error(`Cannot read \`${url}\`: expected at most ${maxBytes} bytes, received more.`);
    parts.push(part);
  }
  return Buffer.concat(parts);
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
