/** The clock of all timers: the cheapest monotonic clock of Node.js. */
// Imported, since the getter of the global `process` costs as much as the clock.
import process from 'node:process';

// `process.hrtime()` is the cheapest monotonic clock of Node 20 (measured: 32 ns; performance.now 42 ns, hrtime.bigint 50 ns).
// Timers keep one number instead of its array. It is looked up at every call, so that fake timers apply.

/** The current time of the monotonic clock, in seconds. Only differences are meaningful. */
export function startedAt(): number {
  const now = process.hrtime();
  return now[0] + now[1] * 1e-9;
}

/** Seconds since a result of {@link startedAt}. */
export function secondsSince(start: number): number {
  const now = process.hrtime();
  // The difference of two doubles near an uptime of 1e7 s is still exact to 2 ns.
  return now[0] + now[1] * 1e-9 - start;
}

/** Starts a timer; the returned function records and returns the seconds since. */
export function timer<Labels = undefined, Exemplar = undefined>(
  record: (seconds: number, labels: Labels | undefined, exemplar: Exemplar | undefined) => void,
): (labels?: Labels, exemplar?: Exemplar) => number {
  const start = startedAt();
  return (labels, exemplar) => {
    const seconds = secondsSince(start);
    record(seconds, labels, exemplar);
    return seconds;
  };
}
