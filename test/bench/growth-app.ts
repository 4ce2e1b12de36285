/** Cost of a call, a series and a scrape of one library with N label sets. */
import { constants } from 'node:buffer';
import * as promClient from 'prom-client';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import { buckets, drawn, type Labels, labelNames } from './contender.js';
import { watchStalls } from './event-loop.js';
import type { GrowthMeasurement } from './growth.js';
import { median } from './measure.js';
import { labelSetsByShape } from './memory-shapes.js';

interface Grown {
  readonly count: (labels: Labels) => void;
  readonly observe: (labels: Labels) => void;
  readonly scrape: () => Promise<unknown>;
}

const [library = '', setsText = ''] = process.argv.slice(2);
const sets = Number(setsText);
const labelsAt = labelSetsByShape['few values of each'];
/** The memory of few series is too small to measure. */
const copies = Math.max(1, 10_000 / sets);
const grown = Array.from({ length: copies }, () => (library === '@tamma/observability' ? ours() : theirs()));
const { count, scrape } = grown[0] as Grown;

// Memory of the first recording and of the first scrape is not counted as memory of series.
for (const copy of grown) {
  copy.count(labelsAt(0));
  copy.observe(labelsAt(0));
}
await scrape();
const start = liveBytes();
for (const copy of grown) {
  for (let index = 1; index <= sets; index++) {
    copy.count(labelsAt(index));
    copy.observe(labelsAt(index));
  }
}
const bytes = (liveBytes() - start) / (sets * copies);

/** A service does not record on all of its series equally: up to 1,024 random ones, in random order. */
const draw = drawn(sets);
const used = Array.from({ length: Math.min(sets, 1_024) }, () => labelsAt(Math.floor(draw() * sets) + 1));
const order = Array.from({ length: 8_192 }, () => used[Math.floor(draw() * used.length)] as Labels);

sendResult({
  library,
  sets,
  call: costOf(count),
  bytes,
  ...(await scrapes()),
} satisfies GrowthMeasurement);

function costOf(record: (labels: Labels) => void): number {
  const rounds: number[] = [];
  for (let round = -3; round < 5; round++) {
    const before = performance.now();
    for (let time = 0; time < 16; time++) for (const labels of order) record(labels);
    const nanoseconds = ((performance.now() - before) * 1e6) / (16 * order.length);
    if (round >= 0) rounds.push(nanoseconds);
  }
  return median(rounds);
}

/**
 * `undefined` if the library cannot: prom-client makes one string of the whole text, and a million sets of 1.5 kB each exceed
 * the maximum string length three times. Trying it would take gigabytes and minutes.
 */
async function scrapes(): Promise<{ scrape?: number; stall?: number }> {
  if (library === 'prom-client' && sets * 1_400 > constants.MAX_STRING_LENGTH) return {};
  const times: number[] = [];
  const stalls: number[] = [];
  const rounds = sets > 100_000 ? 3 : 7;
  for (let round = -1; round < rounds; round++) {
    const watch = watchStalls();
    await new Promise((resolve) => setImmediate(resolve));
    const before = performance.now();
    await scrape();
    const time = performance.now() - before;
    await new Promise((resolve) => setImmediate(resolve));
    const stall = watch.stop();
    // A scrape of many seconds warms up long before its end, so one is enough.
    const isLong = time > 5_000;
    if (round < 0 && !isLong) continue;
    times.push(time);
    stalls.push(stall);
    if (isLong) break;
  }
  return { scrape: median(times), stall: median(stalls) };
}

function ours(): Grown {
  const registry = new MetricsRegistry({ maxSeries: 10_000_000 });
  const labels = { provider: label(), model: label(), operation: label() };
  const counter = registry.counter(defineCounter({ name: 'grown_total', help: 'Measured.', labels }));
  const histogram = registry.histogram(
    defineHistogram({ name: 'grown_seconds', help: 'Measured.', labels, buckets }),
  );
  return {
    count: (set) => counter.inc(set),
    observe: (set) => histogram.observe(set, 0.3),
    scrape: async () => {
      let written = 0;
      for await (const chunk of scrapeChunks(registry)) written += chunk.length;
      return written;
    },
  };
}

function theirs(): Grown {
  const register = new promClient.Registry();
  const shared = { help: 'Measured.', labelNames, registers: [register] };
  const counter = new promClient.Counter<string>({ name: 'grown_total', ...shared });
  const histogram = new promClient.Histogram<string>({ name: 'grown_seconds', buckets, ...shared });
  return {
    count: (set) => counter.inc(set),
    observe: (set) => histogram.observe(set, 0.3),
    scrape: () => register.metrics(),
  };
}
