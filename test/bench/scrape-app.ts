/**
 * Fills a counter and an 11-bucket histogram of every library equally, scrapes them in turn, and sends the time, the longest
 * event-loop stall and the memory. Without other libraries, it measures ours alone, as in a service, in turn with an idle event
 * loop.
 */
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import platformatic from '@platformatic/prom-client';
import * as prometheusIo from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import { buckets, type Labels, labelNames } from './contender.js';
import { watchStalls } from './event-loop.js';
import { labelSetsByShape } from './memory-shapes.js';
import { idleLoop, type ScrapeRun } from './scrape.js';

/** One library, filled with its label sets. */
interface Scraped {
  readonly name: string;
  readonly record: (labels: Labels) => void;
  /** @returns the length of a scrape */
  readonly scrape: () => Promise<number>;
}

const [sets, rounds, peers] = process.argv.slice(2).map(Number) as [number, number, number];
const labelSets = Array.from({ length: sets }, (_, index) => labelSetsByShape['few values of each'](index));
const own = ours();
let lastTime = 0;
/** Characters that the plain writer encodes at a time. */
const chunkLength = 65_536;
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
  ...(peers > 0 ? [plainWriter(), copy()] : [idle()]),
];

let collections: PerformanceEntry[] = [];
const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

const contenders = scraped.map(({ name }) => ({
  name,
  times: [] as number[],
  stalls: [] as number[],
  collections: [] as number[],
}));
for (let round = -1; round < rounds; round++) {
  for (const [index, { record, scrape }] of scraped.entries()) {
    // Every series has changed since the previous scrape.
    for (const labels of labelSets) record(labels);
    globalThis.gc?.();
    const watch = watchStalls();
    await turn();
    const start = performance.now();
    await scrape();
    const time = performance.now() - start;
    await turn();
    const stall = watch.stop();
    if (index === 0) lastTime = time;
    const collection = await maxCollectionSince(start);
    // The first round is for warming up.
    if (round < 0) continue;
    contenders[index]?.times.push(time);
    contenders[index]?.stalls.push(stall);
    contenders[index]?.collections.push(collection);
  }
}
observer.disconnect();
const bytes = await own.scrape();
sendResult({ sets, bytes, contenders, extra: await extraOf() } satisfies ScrapeRun);

/** Milliseconds of the longest garbage-collection pause. The observer receives it a few turns of the event loop later. */
async function maxCollectionSince(start: number): Promise<number> {
  for (let time = 0; time < 3; time++) await turn();
  collections.push(...observer.takeRecords());
  const durations = collections.filter(({ startTime }) => startTime >= start).map(({ duration }) => duration);
  collections = [];
  return Math.max(0, ...durations);
}

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
      // As for Prometheus, which accepts compressed text.
      for await (const chunk of scrapeChunks(registry, { reusesMemory: true })) written += chunk.length;
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
    // Only the text: encoding it to bytes is not measured.
    scrape: async () => (await register.metrics()).length,
  };
}

/** No scrape: an idle event loop for as long as our last scrape took shows the stalls that the machine causes. */
function idle(): Scraped {
  return {
    name: idleLoop,
    record: () => {},
    scrape: async () => {
      const end = performance.now() + lastTime;
      while (performance.now() < end) await turn();
      return 0;
    },
  };
}

/** A writer of lines whose names and labels are ready: it appends a number to each, without pauses and any case of the format. */
function plainWriter(): Scraped {
  const prefixes: string[] = [];
  const values: number[] = [];
  return {
    name: 'plain writer: prepared lines, and a number for each',
    record: () => {},
    scrape: async () => {
      if (prefixes.length === 0) {
        for (const line of (await textOf()).split('\n')) {
          const end = line.lastIndexOf(' ') + 1;
          prefixes.push(line.slice(0, end));
          values.push(Number(line.slice(end)));
        }
      }
      let written = 0;
      let chunk = '';
      for (let index = 0; index < prefixes.length; index++) {
        chunk += `${prefixes[index]}${values[index]}\n`;
        if (chunk.length < chunkLength) continue;
        written += Buffer.from(chunk, 'latin1').length;
        chunk = '';
      }
      return written + chunk.length;
    },
  };
}

async function textOf(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of own.chunks()) parts.push(chunk);
  return Buffer.concat(parts).toString('latin1');
}

/** The lower bound for any scrape: copying the bytes of the text. */
function copy(): Scraped {
  let text: Buffer | undefined;
  return {
    name: 'copy of the same bytes',
    record: () => {},
    scrape: async () => {
      text ??= Buffer.from(await textOf(), 'latin1');
      return Buffer.from(text).length;
    },
  };
}

/** Maximum of twenty measurements of live bytes during a scrape, after garbage collection, less those before it. */
async function extraOf(): Promise<number> {
  // Memory off the heap is freed after that on the heap, so it is measured a second time.
  liveBytes();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = liveBytes();
  let max = Number.NEGATIVE_INFINITY;
  let count = 0;
  let written = 0;
  for await (const chunk of own.chunks()) {
    written += chunk.length;
    // Evenly spread over the scrape, to within one chunk.
    if (written < (bytes / 20) * count) continue;
    count += 1;
    max = Math.max(max, liveBytes() - before);
  }
  return max;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
