/** What rate limits leave, and the seconds until they are reset, which count down to 0 as they are read. */

import { type AnyRegistry, recordingFailed } from '../contained.js';
import type { GaugeDefinition, LabelShape, LabelValues } from '../definition.js';
import { metricsError, shown } from '../errors.js';
import type { Gauge, GaugeSeries } from '../instruments/gauge.js';
import { processWide } from '../process-wide.js';

/** When a limit is reset: a date, the text of one, or milliseconds since 1970. */
export type ResetTime = Date | string | number;

/** What a provider or a platform tells of its rate limit. */
export interface RateLimitState {
  readonly resetTime?: ResetTime;
  /** What is left; 0 is a value and is shown. */
  readonly remaining?: number;
  /** What `remaining` is left of. */
  readonly limit?: number;
  /** What is limited: `requests`, `tokens`, `core`. One of few words, since it becomes a label. Default: `requests`. */
  readonly resource?: string;
}

/** The resource of a limit that names none. */
export const defaultResource = 'requests';

/** Says when the limit of these labels is reset. An unusable time is counted, and changes nothing. */
export type ResetAt<L extends LabelShape> = (labels: LabelValues<L>, time: ResetTime) => void;

/** Milliseconds since 1970 at the reset, by series: as many as the gauge has, which is bounded. */
interface Countdown {
  readonly times: Map<GaugeSeries, number>;
  readonly countDown: () => void;
}

const countdowns = processWide('rate limit resets', () => new WeakMap<object, Countdown>());

/** Recorders of one registry share the times: the gauge is brought up to date once a scrape. */
export function resetCountdown<L extends LabelShape>(
  registry: AnyRegistry,
  definition: GaugeDefinition<L>,
): ResetAt<L> {
  let gauge: Gauge<L> | undefined;
  let countdown: Countdown | undefined;
  return (labels, time) => {
    try {
      const resetsAt = momentOf(time);
      if (Number.isNaN(resetsAt)) throw momentError(definition.name, 'reset time', time);
      gauge ??= registry.gauge(definition);
      countdown ??= countdownOf(gauge);
      const series = gauge.with(labels);
      countdown.times.set(series, resetsAt);
      // A clear of the registry has taken it off; a second time changes nothing.
      gauge.addCollect(countdown.countDown);
      series.set(secondsUntil(resetsAt));
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** Milliseconds since 1970; NaN for what is no time. */
export function momentOf(time: unknown): number {
  // What is out of the range of dates is none, however finite.
  if (time instanceof Date || typeof time === 'number') return new Date(time).getTime();
  return typeof time === 'string' && time !== '' ? Date.parse(time) : Number.NaN;
}

export function momentError(metric: string, what: string, time: unknown): Error {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid ${what} of metric \`${metric}\`: expected a date, the text of one or milliseconds since 1970, received ${time instanceof Date ? 'an invalid date' : shown(time)}.`,
  );
}

function countdownOf(gauge: object): Countdown {
  const existing = countdowns.get(gauge);
  if (existing !== undefined) return existing;
  const times: Countdown['times'] = new Map();
  const countDown = (): void => {
    for (const [series, resetsAt] of times) {
      // Removed since: it is not to come back by being read.
      if (series.branch === undefined) times.delete(series);
      else series.set(secondsUntil(resetsAt));
    }
  };
  const made = { times, countDown };
  countdowns.set(gauge, made);
  return made;
}

function secondsUntil(moment: number): number {
  return Math.max(0, (moment - Date.now()) / 1_000);
}
