/**
 * Effect of scrapes of 50,000 series on the app that serves them: 200 at once, with slow readers and clients that disconnect,
 * while it serves pages; and its latency during consecutive scrapes, compared with that without, in the same run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { compiled } from '../helpers/package-root.js';
import { nextMessage } from './child.js';
import { atMost, type Verdict } from './verdict.js';

const program = 'storm-app.ts';

export interface StormResult {
  /** Statuses of the 200 scrapes, and of pages served during them. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly pages: Readonly<Record<string, number>>;
  /** Bytes of heap and buffers, before and after. */
  readonly memory: readonly [before: number, after: number];
  /** 99th percentile of a page's latency in milliseconds: without scrapes, and during them. */
  readonly p99: readonly [without: number, during: number];
  /** Scrapes that ended while latency was measured. */
  readonly scrapes: number;
}

export async function storm({ milliseconds }: { milliseconds: number }): Promise<StormResult> {
  const child = fork(compiled(`test/bench/${program}`), { execArgv: ['--expose-gc'] });
  try {
    const { port } = await nextMessage<{ port: number }>(child, program);
    // Warm up, so that memory and compiled code no longer change.
    for (let time = 0; time < 3; time++) await scrape(port);
    await pageLatencies(port, 500);
    const before = await memoryOf(child);

    const without = await pageLatencies(port, milliseconds);
    let scrapes = 0;
    let isOver = false;
    const scraping = (async () => {
      while (!isOver) {
        // Compressed, as Prometheus does. Receiving six megabytes would also keep this process busy, which measures the pages.
        await scrape(port, { 'accept-encoding': 'gzip' });
        scrapes += 1;
      }
    })();
    const during = await pageLatencies(port, milliseconds);
    isOver = true;
    await scraping;

    const statuses: Record<string, number> = {};
    const pages: Record<string, number> = {};
    const page = pagesUntil(port, pages);
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        if (index % 10 === 8) return stalled(port);
        if (index % 10 === 9) return leaving(port);
        const status = await scrape(port).catch(
          (error: NodeJS.ErrnoException) => error.code ?? error.message,
        );
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    );
    await page.stop();
    // The scrape timeout disconnects the slow readers.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const after = await memoryOf(child);
    return {
      statuses,
      pages,
      memory: [before, after],
      p99: [quantile(without, 0.99), quantile(during, 0.99)],
      scrapes,
    };
  } finally {
    child.kill();
  }
}

export function stormReport({
  statuses,
  pages,
  memory: [before, after],
  p99: [without, during],
  scrapes,
}: StormResult): string {
  const mebi = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return [
    '| 200 concurrent scrapes of 50,000 series, then consecutive ones | |',
    '|---|---|',
    `| statuses of the scrapes | ${JSON.stringify(statuses)} |`,
    `| statuses of pages during them | ${JSON.stringify(pages)} |`,
    `| memory before and after, MiB | ${mebi(before)}, ${mebi(after)} |`,
    `| p99 of a page without scrapes, ms | ${without.toFixed(2)} |`,
    `| p99 of a page during ${scrapes} scrapes, ms (at most 10 more) | ${during.toFixed(2)} |`,
  ].join('\n');
}

export function stormVerdicts({
  statuses,
  pages,
  memory: [before, after],
  p99: [without, during],
}: StormResult): Verdict[] {
  const odd = [...Object.keys(statuses), ...Object.keys(pages)].filter(
    (status) => status !== '200' && status !== '503',
  );
  return [
    atMost('p99 of a page during scrapes of 50,000 series, minus p99 without', 10, during - without, ' ms'),
    atMost('memory growth by a storm of 200 scrapes', 4, (after - before) / 2 ** 20, ' MiB'),
    atMost('responses during the storm other than 200 and 503', 0, odd.length, '', 0),
  ];
}

async function memoryOf(child: ChildProcess): Promise<number> {
  child.send('memory');
  return (await nextMessage<{ heap: number }>(child, program)).heap;
}

function scrape(port: number, headers: Record<string, string> = {}): Promise<number> {
  return ask(port, '/metrics', { 'x-prometheus-scrape-timeout-seconds': '5', ...headers });
}

function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ hostname: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0)).once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}

const rawScrape = 'GET /metrics HTTP/1.1\r\nHost: here\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.5\r\n\r\n';

/** Sends a request and reads nothing until it is disconnected. */
function stalled(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1', () => socket.write(rawScrape)).pause();
  socket.on('error', () => {});
  setTimeout(() => socket.destroy(), 3_000).unref();
  return Promise.resolve();
}

/** Sends a request and disconnects at the first byte. */
async function leaving(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1', () => socket.write(rawScrape));
  socket.on('error', () => {});
  await once(socket, 'data').catch(() => {});
  socket.destroy();
}

/** Latencies of pages requested every five milliseconds, without waiting for the previous response. */
async function pageLatencies(port: number, milliseconds: number): Promise<number[]> {
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const start = performance.now();
    pending.push(
      ask(port, '/').then(() => {
        latencies.push(performance.now() - start);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(pending);
  return latencies;
}

function pagesUntil(port: number, pages: Record<string, number>): { stop(): Promise<void> } {
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const status = await ask(port, '/').catch(
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      );
      pages[status] = (pages[status] ?? 0) + 1;
    }
  })();
  return {
    stop: () => {
      isOver = true;
      return asking;
    },
  };
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
