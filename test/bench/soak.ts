/** Minutes at full speed: does memory grow, does a counter ever fall? */
import { resultOf } from './child.js';
import { median } from './measure.js';
import type { ScrapeFindings } from './scrape-watch.js';
import type { Verdict } from './verdict.js';

export interface SoakMeasurement extends ScrapeFindings {
  readonly seconds: number;
  readonly calls: number;
  /** Of these, those between the beginning and the end of a scrape. */
  readonly callsInScrapes: number;
  readonly resets: number;
  /** Live bytes after each reset outside a scrape. */
  readonly heap: readonly { readonly second: number; readonly bytes: number }[];
}

/** Bytes a second. */
export interface Slope {
  readonly slope: number;
  /** The lower and upper end of its 99 % interval. */
  readonly interval: readonly [number, number];
}

export function measureSoak({ seconds }: { seconds: number }): Promise<SoakMeasurement> {
  return resultOf<SoakMeasurement>('soak-app.ts', [String(seconds)]);
}

/**
 * The slope of the heap by Theil and Sen: the median of the slopes between any two points, which a few that lie far off do not
 * move, with Sen's interval. The first fifth warms: code and budgets are filled there.
 */
export function slopeOf({ heap }: Pick<SoakMeasurement, 'heap'>): Slope {
  const points = heap.slice(Math.ceil(heap.length / 5));
  const slopes = points
    .flatMap((from, index) =>
      points.slice(index + 1).map((to) => (to.bytes - from.bytes) / (to.second - from.second)),
    )
    .sort((a, b) => a - b);
  const count = points.length;
  // How far from the middle the ranks of the ends lie: the normal approximation of Kendall's statistic.
  const spread = 2.576 * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const at = (rank: number): number =>
    slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN;
  return {
    slope: median(slopes),
    interval: [at((slopes.length - spread) / 2 - 1), at((slopes.length + spread) / 2)],
  };
}

/** Below this, growth is noise whatever its interval: a tenth of a megabyte an hour. */
const unseen = 30;

/**
 * An interval that ends above this says too little: a leak of 250 bytes a scrape could be in it. V8 drops and makes code anew
 * meanwhile, some hundred kilobytes of it, so that three minutes tell no less.
 */
const maxNoise = 2_500;

export function soakVerdicts(measurement: SoakMeasurement): Verdict[] {
  const { seconds, scrapes, overlapped, compared, resets, fallen, twice, callsInScrapes } = measurement;
  const {
    slope,
    interval: [low, high],
  } = slopeOf(measurement);
  return [
    {
      claim: `growth of the heap in ${seconds} s at full speed`,
      limit: `0 within its 99 % interval (or at most ${unseen} bytes/s), whose end is at most ${maxNoise} bytes/s`,
      measured: `${slope.toFixed(0)} bytes/s, ${low.toFixed(0)} to ${high.toFixed(0)}`,
      reached: (slope <= unseen || low <= 0) && high <= maxNoise,
    },
    {
      claim: `numbers that fell in ${compared} scrapes compared with the one before, no reset between`,
      limit: '0',
      measured: String(fallen),
      reached: fallen === 0 && compared > 0,
    },
    {
      claim: `series that came twice in one of ${scrapes} scrapes, ${overlapped} of them with a reset and all with calls in their midst`,
      limit: '0',
      measured: String(twice),
      reached: twice === 0 && overlapped > 0 && resets > 0 && callsInScrapes > 0,
    },
  ];
}

export function soakTable(measurement: SoakMeasurement): string {
  const { seconds, calls, callsInScrapes, scrapes, overlapped, resets, heap } = measurement;
  const mega = (bytes: number | undefined): string => ((bytes ?? Number.NaN) / 1e6).toFixed(2);
  return `A soak of ${seconds} s: ${(calls / 1e6).toFixed(1)} million calls with random labels, ${(callsInScrapes / 1e6).toFixed(1)} million of them between the chunks of ${scrapes} scrapes, ${resets} resets, ${overlapped} of them in a scrape; live memory after a reset ${mega(heap[Math.ceil(heap.length / 5)]?.bytes)} MB once warm, ${mega(heap.at(-1)?.bytes)} MB at the end.`;
}
