/** What happens when a series of a native histogram has too many buckets, in the order of Prometheus' specification. */
import { systemClock, type Timer } from '../clock.js';
import type { NativeCounts } from './native-counts.js';

/** A series that can restart from 0. */
export interface Resettable {
  /** When it started to count, in seconds since 1970. */
  created: number;
  clear(): void;
}

/** Scheduled resets. Not a property of the series, since few need one. */
const resets = new WeakMap<NativeCounts, Timer>();

/**
 * Resets the series if the last reset is long enough ago. Otherwise widens its buckets, and schedules a reset that restores their
 * width.
 * @returns whether the series is reset, and the observation that was too much has to be recorded again
 */
export function makeRoom(series: Resettable, native: NativeCounts): boolean {
  const { minResetSeconds } = native.settings;
  const wait = minResetSeconds - (Date.now() / 1_000 - series.created);
  if (minResetSeconds > 0 && wait <= 0 && !resets.has(native)) {
    reset(series, native);
    return true;
  }
  native.limit();
  scheduleReset(series, native);
  return false;
}

/** Schedules a reset of a series whose buckets are widened, if its settings ask for one. */
export function scheduleReset(series: Resettable, native: NativeCounts): void {
  const { minResetSeconds } = native.settings;
  if (minResetSeconds === 0 || resets.has(native) || !native.isWidened) return;
  const wait = Math.max(0, minResetSeconds - (Date.now() / 1_000 - series.created));
  const timer = systemClock.setTimeout(() => reset(series, native), wait * 1_000);
  timer.unref();
  resets.set(native, timer);
}

/** Cancels the scheduled reset of a series that is removed or reset otherwise. */
export function cancelReset(native: NativeCounts): void {
  systemClock.clearTimeout(resets.get(native));
  resets.delete(native);
}

function reset(series: Resettable, native: NativeCounts): void {
  cancelReset(native);
  series.clear();
  series.created = Math.floor(Date.now() / 1_000);
}
