/** Rate limits: what remains of them, and the seconds until they are reset, which count down to 0 at each scrape. */

import { containedAmounts, containedCounter, recordingFailed } from '../contained.js';
import type { CounterDefinition, GaugeDefinition } from '../definition.js';
import { metricsError, shown } from '../errors.js';
import type { Gauge, GaugeSeries } from '../instruments/gauge.js';
import type { LabelShape, LabelValues } from '../label.js';
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';

/** A moment: a `Date`, a text that `Date.parse` reads, or milliseconds since 1970. */
export type TimeInput = Date | string | number;

/** The state of a rate limit, as a provider or a platform reports it. Absent properties change nothing. */
export interface RateLimitState {
  /** When the limit is reset. */
  readonly resetTime?: TimeInput;
  /** Remaining quota, 0 or more. */
  readonly remaining?: number;
  /** The full quota. */
  readonly limit?: number;
  /** The limited resource: `requests`, `tokens`, `core`. It becomes a label, so use few values. Default: `requests`. */
  readonly resource?: string;
}

/** The resource of a limit that does not name one. */
export const defaultResource = 'requests';

/** The definitions that a rate limit is recorded on. Those of the limit and its rest may have labels that an event lacks. */
export interface RateLimitDefinitions<E extends LabelShape, R extends LabelShape, L extends LabelShape> {
  readonly limited: CounterDefinition<E>;
  readonly reset: GaugeDefinition<R>;
  readonly remaining: GaugeDefinition<L>;
  readonly limit: GaugeDefinition<L>;
}

/** Records the rate limits of providers or platforms. */
export interface RateLimitRecorder<E extends LabelShape, R extends LabelShape, L extends LabelShape> {
  /** Counts that a limit was exceeded. */
  readonly limited: (labels: LabelValues<E>) => void;
  /** Sets when the limit is reset, unless that is unknown. */
  readonly reset: (labels: LabelValues<R>, time: TimeInput | undefined) => void;
  /** Sets what remains of the limit, and the limit, as far as they are known. */
  readonly quota: (labels: LabelValues<L>, remaining: number | undefined, limit: number | undefined) => void;
}

export function rateLimitRecorder<E extends LabelShape, R extends LabelShape, L extends LabelShape>(
  registry: AnyRegistry,
  definitions: RateLimitDefinitions<E, R, L>,
): RateLimitRecorder<E, R, L> {
  const limited = containedCounter(registry, definitions.limited);
  const resetAt = resetCountdown(registry, definitions.reset);
  const setRemaining = containedAmounts(registry, definitions.remaining);
  const setLimit = containedAmounts(registry, definitions.limit);
  return {
    limited,
    reset: (labels, time) => {
      if (time !== undefined) resetAt(labels, time);
    },
    quota: (labels, remaining, limit) => {
      if (remaining !== undefined) setRemaining(labels, remaining);
      if (limit !== undefined) setLimit(labels, limit);
    },
  };
}

/** Sets when the limit of these labels is reset. An invalid time counts as a recording error and changes nothing. */
export type ResetAt<L extends LabelShape> = (labels: LabelValues<L>, time: TimeInput) => void;

/** The resets of one gauge. */
interface Countdown {
  /** Milliseconds since 1970, by series; bounded by the series budget of the gauge. */
  readonly times: Map<GaugeSeries, number>;
  readonly countDown: () => void;
}

const countdowns = processWide('rate limit resets', () => new WeakMap<object, Countdown>());

/** Recorders of one registry share the times: the gauge is updated once per scrape. */
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
      // Added each time, since `clear()` of the registry removes it; adding it twice has no effect.
      gauge.addCollect(countdown.countDown);
      series.set(secondsUntil(resetsAt));
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** The last millisecond that a `Date` can have. */
const maxMoment = 8_640_000_000_000_000;

/** Milliseconds since 1970; NaN for an invalid time. */
export function momentOf(time: unknown): number {
  if (typeof time === 'number') return Math.abs(time) <= maxMoment ? Math.trunc(time) : Number.NaN;
  if (time instanceof Date) return timeOf(time);
  return typeof time === 'string' && time !== '' ? Date.parse(time) : Number.NaN;
}

/** The time of a date, whatever its class makes of `getTime`; NaN for an object that only inherits from `Date`. */
function timeOf(date: Date): number {
  try {
    return Date.prototype.getTime.call(date);
  } catch {
    return Number.NaN;
  }
}

export function momentError(metric: string, what: string, time: unknown): Error {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid ${what} of metric \`${metric}\`: expected a Date, a date text or milliseconds since 1970, received ${time instanceof Date ? 'an invalid date' : shown(time)}.`,
  );
}

function countdownOf(gauge: object): Countdown {
  const existing = countdowns.get(gauge);
  if (existing !== undefined) return existing;
  const times: Countdown['times'] = new Map();
  const countDown = (): void => {
    for (const [series, resetsAt] of times) {
      // A removed series must not come back because a scrape updates it.
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
