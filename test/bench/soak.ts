/** Minutes at full speed: memory must not grow, and no counter may decrease. */
import { resultOf } from './child.js';
import { median } from './measure.js';
import type { ScrapeFindings } from './scrape-watch.js';
import type { Verdict } from './verdict.js';

export interface SoakMeasurement extends ScrapeFindings {
  readonly seconds: number;
  readonly calls: number;
  /** Calls during a scrape. */
  readonly callsInScrapes: number;
  readonly resets: number;
  /** After each reset outside a scrape. */
  readonly heap: readonly HeapSample[];
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

/** Growth below this is noise, whatever its interval: 0.1 MB per hour. */
const unseen = 30;

/** An interval that ends above this cannot exclude a leak of 250 bytes per scrape. */
const maxNoise = 2_500;

export function soakVerdicts(measurement: SoakMeasurement): Verdict[] {
  const { seconds, scrapes, overlapped, compared, resets, fallen, twice, callsInScrapes } = measurement;
  const {
    slope,
    interval: [low, high],
  } = slopeOf(measurement);
  return [
    {
      claim: `heap growth in ${seconds} s at full speed, without the code that V8 compiles`,
      limit: `99 % interval includes 0 (or growth is at most ${unseen} bytes/s) and ends at ${maxNoise} bytes/s or below`,
      measured: `${slope.toFixed(0)} bytes/s, ${low.toFixed(0)} to ${high.toFixed(0)}`,
      reached: (slope <= unseen || low <= 0) && high <= maxNoise,
    },
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
  const { seconds, calls, callsInScrapes, scrapes, overlapped, resets, heap } = measurement;
  const mega = (bytes: number | undefined): string => ((bytes ?? Number.NaN) / 1e6).toFixed(2);
  const [first, warm, last] = [heap[0], steady(heap)[0], heap.at(-1)];
  const row = (when: string, sample: HeapSample | undefined): string =>
    `| ${when} | ${mega(sample?.bytes)} | ${mega(sample?.codeBytes)} | ${mega((sample?.bytes ?? Number.NaN) - (sample?.codeBytes ?? Number.NaN))} |`;
  return [
    `${seconds} s: ${(calls / 1e6).toFixed(1)} million calls with random labels, ${(callsInScrapes / 1e6).toFixed(1)} million of them between the chunks of ${scrapes} scrapes; ${resets} resets, ${overlapped} of them during a scrape.`,
    '',
    '| live memory after a reset, MB | all | code that V8 compiled | the rest |',
    '|---|---:|---:|---:|',
    row('at the start', first),
    row('after warming up, half of the time', warm),
    row('at the end', last),
  ].join('\n');
}
