import type { ExecutionContext } from 'ava';

/**
 * Stops the clock of all timers until the end of a test, which must be serial: the clock is global.
 * @returns a function that advances the clock by whole seconds, so that sums are exact
 */
export function stopTimers(t: ExecutionContext): (seconds: number) => void {
  const { hrtime } = process;
  let now = 1_000;
  process.hrtime = Object.assign((): [number, number] => [now, 0], { bigint: hrtime.bigint });
  t.teardown(() => {
    process.hrtime = hrtime;
  });
  return (seconds) => {
    now += seconds;
  };
}
