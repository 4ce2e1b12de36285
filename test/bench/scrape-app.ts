/**
 * Fills a counter and an 11-bucket histogram of every library alike, scrapes them in turn, and sends what that took: time, the
 * longest stall of the event loop, and memory.
 */
import platformatic from '@platformatic/prom-client';
import * as prometheusIo from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { defineCounter, defineHistogram, label } from '../../lib/definition.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import { buckets, type Labels, labelNames } from './contender.js';
import { watchStalls } from './event-loop.js';
import { labelSetsByShape } from './memory-shapes.js';
import type { ScrapeMeasurement } from './scrape.js';

/** One library with its label sets in it. */
interface Scraped {
  readonly name: string;
  readonly record: (labels: Labels) => void;
  /** Scrapes into bytes, as an answer has them; gives how many. */
  readonly scrape: () => Promise<number>;
}

const [sets, rounds, peers] = process.argv.slice(2).map(Number) as [number, number, number];
const labelSets = Array.from({ length: sets }, (_, index) => labelSetsByShape['few values of each'](index));
const own = ours();
const scraped: readonly Scraped[] = [
  own,
  ...(
    [
      ['prom-client', promClient],
      ['@prometheus-io/client', prometheusIo],
      ['@platformatic/prom-client', platformatic],
    ] as const
  )
    .slice(0, peers)
    .map(([name, client]) => theirs(name, client as unknown as typeof promClient)),
  copy(),
];

const measurements = scraped.map(({ name }) => ({ name, times: [] as number[], stalls: [] as number[] }));
let bytes = 0;
for (let round = -1; round < rounds; round++) {
  for (const [index, { record, scrape }] of scraped.entries()) {
    // Every series has changed since the scrape before.
    for (const labels of labelSets) record(labels);
    globalThis.gc?.();
    const watch = watchStalls();
    await turn();
    const start = performance.now();
    bytes = await scrape();
    const time = performance.now() - start;
    await turn();
    const stall = watch.stop();
    // The first one warms.
    if (round < 0) continue;
    measurements[index]?.times.push(time);
    measurements[index]?.stalls.push(stall);
  }
}
sendResult({
  sets,
  bytes,
  contenders: measurements,
  extra: await extraOf(),
} satisfies ScrapeMeasurement);

function ours(): Scraped & { readonly chunks: () => AsyncGenerator<Buffer> } {
  const registry = new MetricsRegistry({ maxSeries: 10_000_000 });
  const labels = { provider: label(), model: label(), operation: label() };
  const counter = registry.counter(defineCounter({ name: 'scraped_total', help: 'Measured.', labels }));
  const histogram = registry.histogram(
    defineHistogram({ name: 'scraped_seconds', help: 'Measured.', labels, buckets }),
  );
  return {
    name: '@tamma/observability',
    record: (set) => {
      counter.inc(set);
      histogram.observe(set, 0.3);
    },
    scrape: async () => {
      let written = 0;
      for await (const chunk of scrapeChunks(registry)) written += chunk.length;
      return written;
    },
    chunks: () => scrapeChunks(registry),
  };
}

function theirs(name: string, client: typeof promClient): Scraped {
  const register = new client.Registry();
  const shared = { help: 'Measured.', labelNames, registers: [register] };
  const counter = new client.Counter<string>({ name: 'scraped_total', ...shared });
  const histogram = new client.Histogram<string>({ name: 'scraped_seconds', buckets, ...shared });
  return {
    name,
    record: (set) => {
      counter.inc(set);
      histogram.observe(set, 0.3);
    },
    scrape: async () => Buffer.from(await register.metrics()).length,
  };
}

/** The least that any scrape costs: the bytes of the text, copied. */
function copy(): Scraped {
  let text: Buffer | undefined;
  return {
    name: 'copy of the same bytes',
    record: () => {},
    scrape: async () => {
      if (text === undefined) {
        const parts: Buffer[] = [];
        for await (const chunk of own.chunks()) parts.push(chunk);
        text = Buffer.concat(parts);
      }
      return Buffer.from(text).length;
    },
  };
}

/** Live bytes during a scrape beyond those before it: looked at twenty times on the way, garbage collected each time. */
async function extraOf(): Promise<number> {
  // Memory beside the heap is freed after the heap's: a second look sees it.
  liveBytes();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = liveBytes();
  let most = Number.NEGATIVE_INFINITY;
  let count = 0;
  let written = 0;
  for await (const chunk of own.chunks()) {
    written += chunk.length;
    // Spread over the whole, and at most 32 KiB apart from a chunk.
    if (written < (bytes / 20) * count) continue;
    count += 1;
    most = Math.max(most, liveBytes() - before);
  }
  return most;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
