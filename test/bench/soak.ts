/** Minutes at full speed: does memory grow, does a counter ever fall? */
import { resultOf } from './child.js';
import type { Verdict } from './verdict.js';

export interface SoakMeasurement {
  readonly seconds: number;
  readonly calls: number;
  readonly scrapes: number;
  readonly resets: number;
  /** Numbers that only rise, and were lower at a scrape than at the one before, without a reset between. */
  readonly fallen: number;
  /** Live bytes after each reset. */
  readonly heap: readonly { readonly second: number; readonly bytes: number }[];
}

export interface Slope {
  /** Bytes a second, and the standard error of that. */
  readonly slope: number;
  readonly error: number;
}

export function measureSoak({ seconds }: { seconds: number }): Promise<SoakMeasurement> {
  return resultOf<SoakMeasurement>('soak-app.ts', [String(seconds)]);
}

/** The least-squares slope of the heap. The first fifth warms: code and budgets are filled there. */
export function slopeOf({ heap }: Pick<SoakMeasurement, 'heap'>): Slope {
  const points = heap.slice(Math.ceil(heap.length / 5));
  const mean = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const [meanSecond, meanBytes] = [
    mean(points.map(({ second }) => second)),
    mean(points.map(({ bytes }) => bytes)),
  ];
  let [together, alone] = [0, 0];
  for (const { second, bytes } of points) {
    together += (second - meanSecond) * (bytes - meanBytes);
    alone += (second - meanSecond) ** 2;
  }
  const slope = together / alone;
  const rest = points.reduce(
    (sum, { second, bytes }) => sum + (bytes - meanBytes - slope * (second - meanSecond)) ** 2,
    0,
  );
  return { slope, error: Math.sqrt(rest / (points.length - 2) / alone) };
}

/** Below this, growth is noise whatever its error: a tenth of a megabyte an hour. */
const unseen = 30;

export function soakVerdicts(measurement: SoakMeasurement): Verdict[] {
  const { slope, error } = slopeOf(measurement);
  const allowed = Math.max(3 * error, unseen);
  return [
    {
      claim: `growth of the heap in ${measurement.seconds} s at full speed`,
      limit: `0 within 3 standard errors, ${allowed.toFixed(0)} bytes/s`,
      measured: `${slope.toFixed(0)} bytes/s`,
      reached: slope <= allowed,
    },
    {
      claim: `numbers that fell in ${measurement.scrapes} scrapes, but at ${measurement.resets} resets`,
      limit: '0',
      measured: String(measurement.fallen),
      reached: measurement.fallen === 0 && measurement.scrapes > 0,
    },
  ];
}

export function soakTable(measurement: SoakMeasurement): string {
  const { seconds, calls, scrapes, resets, heap } = measurement;
  const mega = (bytes: number | undefined): string => ((bytes ?? Number.NaN) / 1e6).toFixed(2);
  return `A soak of ${seconds} s: ${(calls / 1e6).toFixed(1)} million calls with random labels, ${scrapes} scrapes, ${resets} resets; live memory after a reset ${mega(heap[Math.ceil(heap.length / 5)]?.bytes)} MB once warm, ${mega(heap.at(-1)?.bytes)} MB at the end.`;
}
