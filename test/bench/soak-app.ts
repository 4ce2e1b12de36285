/**
 * Records at full speed with random labels, scrapes every 100 ms and resets now and then, for so many seconds; sends how the
 * heap went and whether a number that only rises ever fell.
 */
import { defineCounter, defineGauge, defineHistogram, defineSummary, label } from '../../lib/definition.js';
import { scrapeToString } from '../../lib/exposition/scrape.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import type { SoakMeasurement } from './soak.js';

const seconds = Number(process.argv[2]);
const registry = new MetricsRegistry({ maxSeries: 200, onWarning: () => {} });
const labels = { provider: label(), model: label({ limit: 50 }), outcome: label('success', 'failure') };
const counter = registry.counter(defineCounter({ name: 'soaked_total', help: 'Counted.', labels }));
const gauge = registry.gauge(defineGauge({ name: 'soaked_now', help: 'Held.', labels, expireAfter: 1 }));
const histogram = registry.histogram(
  defineHistogram({ name: 'soaked_seconds', help: 'Timed.', labels, buckets: [0.1, 1, 10] }),
);
const summary = registry.summary(
  defineSummary({ name: 'soaked_bytes', help: 'Sized.', labels, quantiles: [0.5, 0.99], maxAgeSeconds: 2 }),
);

const outcomes = ['success', 'failure'] as const;
const anyOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const known = Array.from({ length: 100 }, (_, index) => `provider-${index}`);
let calls = 0;

function recordSome(): void {
  for (let time = 0; time < 250; time++) {
    // Half of them from a known set, half made up.
    const set = {
      provider: Math.random() < 0.5 ? anyOf(known) : `provider-${Math.random()}`,
      model: `model-${Math.floor(Math.random() * 80)}`,
      outcome: anyOf(outcomes),
    };
    counter.inc(set);
    gauge.set(set, Math.random());
    histogram.observe(set, Math.random() * 20);
    summary.observe(set, Math.random() * 1_000);
    calls += 4;
  }
}

let scrapes = 0;
let fallen = 0;
let last = new Map<string, number>();
/** Every line of a counter, and of a histogram's and summary's counts: they only rise, until a reset. */
const rising = /^((?:soaked_total|soaked_seconds_(?:bucket|count)|soaked_bytes_count)\S*) (\S+)$/gm;
async function scrape(): Promise<void> {
  const text = await scrapeToString(registry);
  const now = new Map<string, number>();
  for (const [, series = '', value = ''] of text.matchAll(rising)) {
    now.set(series, Number(value));
    if (Number(value) < (last.get(series) ?? 0)) fallen += 1;
  }
  // What is gone has fallen, too.
  for (const series of last.keys()) if (!now.has(series)) fallen += 1;
  if (now.size === 0) throw new Error('nothing was scraped');
  last = now;
  scrapes += 1;
}

let resets = 0;
function reset(): void {
  registry.reset();
  last = new Map();
  resets += 1;
}

const heap: { readonly second: number; readonly bytes: number }[] = [];
const start = performance.now();
const elapsed = (): number => (performance.now() - start) / 1_000;
/** Sixty times, whatever the length. */
const resetEvery = seconds / 60;
let [nextScrape, nextReset] = [0.1, resetEvery];
while (elapsed() < seconds) {
  recordSome();
  if (elapsed() >= nextScrape) {
    nextScrape = elapsed() + 0.1;
    await scrape();
  }
  if (elapsed() >= nextReset) {
    nextReset = elapsed() + resetEvery;
    reset();
    // Now that all has been let go: what is left and grows is a leak.
    heap.push({ second: elapsed(), bytes: liveBytes() });
  }
  await new Promise((resolve) => setImmediate(resolve));
}
sendResult({ seconds, calls, scrapes, resets, fallen, heap } satisfies SoakMeasurement);
