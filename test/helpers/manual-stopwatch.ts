/** Durations that a test sets: once this is imported, the clock of all timers stands still until `advance` is called. */

let seconds = 1_000;

process.hrtime = Object.assign((): [number, number] => [seconds, 0], { bigint: process.hrtime.bigint });

/** Lets whole seconds pass, so that sums are exact. */
export function advance(passed: number): void {
  seconds += passed;
}
