/** The times at which charts show values: multiples of a round step, so that points do not move as time passes. */
import type { TimeWindow } from '../view.js';

export interface Grid {
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  /** Seconds between two times. */
  readonly step: number;
  /** Seconds before each time over which a rate or a quantile is computed. */
  readonly lookback: number;
}

const roundSteps = [1, 2, 3, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];

/** Rates over less than this jump between 0 and a multiple of what is usual. */
const minRateSeconds = 15;

/** At most `points` times within a window. */
export function gridOf({ from, to }: TimeWindow, points: number): Grid {
  const needed = (to - from) / points;
  const step = roundSteps.find((seconds) => seconds >= needed) ?? Math.ceil(needed / 86_400) * 86_400;
  const times: number[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time);
  return { times, step, lookback: Math.max(step, minRateSeconds) };
}

/** Only the end of a window. */
export function endOf({ to }: TimeWindow, lookback: number): Grid {
  return { times: [to], step: lookback, lookback };
}
