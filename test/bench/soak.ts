/** Minutes at full speed: memory must not grow, and no counter may decrease. */
import { resultOf } from './child.js';
import type { HeapParts } from './heap-parts.js';
import { median } from './measure.js';
import type { ScrapeFindings } from './scrape-watch.js';
import { atMost, type Verdict } from './verdict.js';

export interface SoakMeasurement extends ScrapeFindings {
  readonly seconds: number;
  readonly calls: number;
  /** Calls during a scrape. */
  readonly callsInScrapes: number;
  readonly resets: number;
  /** After each reset outside a scrape. */
  readonly heap: readonly HeapSample[];
  /** What holds the heap after half of the time, and at the end, that many seconds later. */
  readonly parts: { readonly seconds: number; readonly before: HeapParts; readonly after: HeapParts };
}

export interface HeapSample {
  readonly second: number;
  /** Live bytes, `codeBytes` included. */
  readonly bytes: number;
  /** Of code that V8 compiled: it optimizes functions, and discards and recompiles them, for a minute and longer. */
  readonly codeBytes: number;
}

/** Bytes per second. */
export interface Slope {
  readonly slope: number;
  /** The bounds of its 99 % confidence interval. */
  readonly interval: readonly [number, number];
}

export function measureSoak({ seconds }: { seconds: number }): Promise<SoakMeasurement> {
  return resultOf<SoakMeasurement>('soak-app.ts', [String(seconds)]);
}

/** The samples after warming up: for a minute V8 optimizes the code and fills its caches, and series budgets are used up. */
function steady(heap: readonly HeapSample[]): readonly HeapSample[] {
  return heap.slice(Math.ceil(heap.length / 2));
}

/**
 * The Theil–Sen slope of the heap without code: the median of the slopes between any two points, which outliers do not change, with
 * Sen's confidence interval.
 */
export function slopeOf({ heap }: Pick<SoakMeasurement, 'heap'>): Slope {
  const points = steady(heap).map(({ second, bytes, codeBytes }) => ({ second, bytes: bytes - codeBytes }));
  const slopes = points
    .flatMap((from, index) =>
      points.slice(index + 1).map((to) => (to.bytes - from.bytes) / (to.second - from.second)),
    )
    .sort((a, b) => a - b);
  const count = points.length;
  // Distance of the ranks of the bounds, by the normal approximation of Kendall's statistic.
  const spread = 2.576 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const at = (rank: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  return {
    slope: median(slopes),
    interval: [at((slopes.length - spread) / 2 - 1), at((slopes.length + spread) / 2)],
  };
}

/** Bytes per second that the program may hold more: 0.1 MB per hour. A leak of 10 bytes per scrape is 100. */
const maxGrowth = 30;

export function soakVerdicts(measurement: SoakMeasurement): Verdict[] {
  const { scrapes, overlapped, compared, resets, fallen, twice, callsInScrapes, parts } = measurement;
  const growth = (parts.after.program - parts.before.program) / parts.seconds;
  return [
    atMost(
      `growth of what the program holds, in the last ${parts.seconds.toFixed(0)} s at full speed`,
      maxGrowth,
      growth,
      ' bytes/s',
      0,
    ),
    {
      claim: `counters that decreased in ${compared} scrapes without a reset since the previous one`,
      limit: '0',
      measured: String(fallen),
      reached: fallen === 0 && compared > 0,
    },
    {
      claim: `duplicate series in ${scrapes} scrapes, all with calls and ${overlapped} with a reset during them`,
      limit: '0',
      measured: String(twice),
      reached: twice === 0 && overlapped > 0 && resets > 0 && callsInScrapes > 0,
    },
  ];
}

export function soakTable(measurement: SoakMeasurement): string {
  const { seconds, calls, callsInScrapes, scrapes, overlapped, resets, heap, parts } = measurement;
  const { slope, interval } = slopeOf(measurement);
  const mega = (bytes: number | undefined): string => ((bytes ?? Number.NaN) / 1e6).toFixed(2);
  const [first, warm, last] = [heap[0], steady(heap)[0], heap.at(-1)];
  const row = (when: string, sample: HeapSample | undefined): string =>
    `| ${when} | ${mega(sample?.bytes)} | ${mega(sample?.codeBytes)} | ${mega((sample?.bytes ?? Number.NaN) - (sample?.codeBytes ?? Number.NaN))} |`;
  const part = (name: string, kind: keyof HeapParts): string => {
    const [before, after] = [parts.before[kind], parts.after[kind]];
    return `| ${name} | ${[before, after, after - before].map((bytes) => bytes.toLocaleString('en')).join(' | ')} |`;
  };
  return [
    `${seconds} s: ${(calls / 1e6).toFixed(1)} million calls with random labels, ${(callsInScrapes / 1e6).toFixed(1)} million of them between the chunks of ${scrapes} scrapes; ${resets} resets, ${overlapped} of them during a scrape.`,
    '',
    '| live memory after a reset, MB | all | code that V8 compiled | the rest |',
    '|---|---:|---:|---:|',
    row('at the start', first),
    row('after warming up, half of the time', warm),
    row('at the end', last),
    '',
    `The rest grows by ${slope.toFixed(0)} bytes/s in the second half (99 % interval: ${interval.map((bound) => bound.toFixed(0)).join(' to ')}), and with it:`,
    '',
    `| heap snapshots, bytes | after half of the time | ${parts.seconds.toFixed(0)} s later | growth |`,
    '|---|---:|---:|---:|',
    part('code and what V8 keeps with it: feedback, source positions', 'code'),
    part('objects of V8 itself: hidden classes, weak lists and tables, caches', 'internal'),
    part('objects, strings and arrays of the program', 'program'),
  ].join('\n');
}
