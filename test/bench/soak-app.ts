/**
 * Records at full speed with random labels, scrapes every 100 ms and resets regularly, for N seconds and until each has happened
 * a few times, however slow the machine is; sends the heap sizes and the errors in the scrapes. Between the chunks of a scrape,
 * recording continues, gauges are removed and created again, and every other reset happens.
 */
import { getHeapCodeStatistics } from 'node:v8';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import { type HeapParts, heapParts } from './heap-parts.js';
import { watchScrapes } from './scrape-watch.js';
import type { HeapSample, SoakMeasurement } from './soak.js';

const seconds = Number(process.argv[2]);
const registry = new MetricsRegistry({ maxSeries: 200, onWarning: () => {} });
const labels = { provider: label(), model: label({ limit: 50 }), outcome: label('success', 'failure') };
const counter = registry.counter(defineCounter({ name: 'soaked_total', help: 'Counted.', labels }));
const gauge = registry.gauge(
  defineGauge({ name: 'soaked_now', help: 'Held.', labels, expireAfterSeconds: 1 }),
);
const histogram = registry.histogram(
  defineHistogram({ name: 'soaked_seconds', help: 'Timed.', labels, buckets: [0.1, 1, 10] }),
);
const summary = registry.summary(
  defineSummary({ name: 'soaked_bytes', help: 'Sized.', labels, quantiles: [0.5, 0.99], maxAgeSeconds: 2 }),
);

const outcomes = ['success', 'failure'] as const;
const anyOf = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const known = Array.from({ length: 100 }, (_, index) => `provider-${index}`);
/** Removed and created again in turn, so that series move behind the position of a scrape in progress. */
const remade = registry.gauge(
  defineGauge({ name: 'soaked_remade', help: 'Held.', labels: { provider: label() }, maxSeries: 2_000 }),
);
let nextRemade = 0;
let calls = 0;

function recordSome(): void {
  for (let time = 0; time < 100; time++) {
    // Half of the providers are known, half are new.
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
  for (let time = 0; time < 20; time++) {
    const set = { provider: `a-provider-with-a-long-name-${nextRemade++ % 1_000}` };
    remade.remove(set);
    remade.set(set, Math.random());
  }
}

/** Samples that only increase until a reset: counters, and the counts of histograms and summaries. */
const rising = /^(?:soaked_total|soaked_seconds_(?:bucket|count)|soaked_bytes_count)\{/;
const watch = watchScrapes((series) => rising.test(series));
/** Chunks of the scrape in progress; 0 if there is none. */
let chunksReceived = 0;
let callsInScrapes = 0;

async function scrape(): Promise<void> {
  const end = watch.begin();
  const chunks: Buffer[] = [];
  const callsBefore = calls;
  for await (const chunk of scrapeChunks(registry)) {
    chunks.push(chunk);
    chunksReceived = chunks.length;
  }
  chunksReceived = 0;
  callsInScrapes += calls - callsBefore;
  end(Buffer.concat(chunks).toString());
}

let resets = 0;
function reset(): void {
  registry.reset();
  watch.reset();
  resets += 1;
}

/** In memory that does not grow with them: seconds, bytes and bytes of code. */
const samples = new Float64Array(3 * 10_000);
let sampled = 0;
let halfway: { readonly second: number; readonly parts: HeapParts } | undefined;
const start = performance.now();
const elapsed = (): number => (performance.now() - start) / 1_000;
/** 120 resets. */
const resetEvery = Math.max(0.3, seconds / 120);
let [nextScrape, nextReset] = [0.1, resetEvery];
let inProgress: Promise<void> | undefined;
/** At least three, so that two can be compared before a reset during the third. */
let scrapesSinceReset = 0;
const hasSomeOfEach = (): boolean => resets > 5 && watch.found.overlapped > 2 && watch.found.compared > 2;
while (elapsed() < seconds || !hasSomeOfEach()) {
  recordSome();
  const isResetDue = elapsed() >= nextReset && scrapesSinceReset >= 3;
  const isForScrape = resets % 2 === 1;
  // A reset that is due between two scrapes goes first.
  if (inProgress === undefined && elapsed() >= nextScrape && !(isResetDue && !isForScrape)) {
    nextScrape = elapsed() + 0.1;
    scrapesSinceReset += 1;
    inProgress = scrape().finally(() => {
      inProgress = undefined;
    });
  }
  if (isResetDue && (isForScrape ? chunksReceived > 0 : inProgress === undefined)) {
    nextReset = elapsed() + resetEvery;
    scrapesSinceReset = 0;
    // A reset releases everything, so memory that still grows is a leak.
    const isMeasured = inProgress === undefined;
    reset();
    if (isMeasured) {
      // V8 keeps the text that a regular expression matched last: that of a whole scrape.
      /a/.test('a');
      // Memory off the heap is freed after that on the heap, so it is measured a second time.
      liveBytes();
      await new Promise((resolve) => setTimeout(resolve, 20));
      const bytes = liveBytes();
      const { code_and_metadata_size, bytecode_and_metadata_size } = getHeapCodeStatistics();
      samples.set([elapsed(), bytes, code_and_metadata_size + bytecode_and_metadata_size], 3 * sampled++);
      if (halfway === undefined && elapsed() > seconds / 2) {
        // The first snapshot leaves something behind itself.
        await heapParts();
        halfway = { second: elapsed(), parts: await heapParts() };
      }
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
}
await inProgress;
registry.reset();
// The watch keeps the text of the last scrape.
watch.reset();
// As above: V8 keeps the text.
/a/.test('a');
if (halfway === undefined) throw new Error('there was no reset between two scrapes in the second half');
const atEnd = await heapParts();
const heap: HeapSample[] = Array.from({ length: sampled }, (_, index) => {
  const [second = 0, bytes = 0, codeBytes = 0] = samples.subarray(3 * index, 3 * index + 3);
  return { second, bytes, codeBytes };
});
sendResult({
  seconds: Math.round(elapsed()),
  parts: { seconds: elapsed() - halfway.second, before: halfway.parts, after: atEnd },
  calls,
  callsInScrapes,
  resets,
  heap,
  ...watch.found,
} satisfies SoakMeasurement);
