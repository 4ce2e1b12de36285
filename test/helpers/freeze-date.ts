import { mock } from 'node:test';
import type { ExecutionContext } from 'ava';

/**
 * Stops `Date` until the end of a test, which must be serial: the date is global. Timers keep running.
 * @returns a function that advances the date by milliseconds
 */
export function freezeDate(t: ExecutionContext, now = Date.UTC(2024, 0, 1)): (milliseconds: number) => void {
  mock.timers.enable({ apis: ['Date'], now });
  t.teardown(() => mock.timers.reset());
  return (milliseconds) => mock.timers.tick(milliseconds);
}
