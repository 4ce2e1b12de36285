/** Deadlines: the result of a promise, or `late`. */
import test from 'ava';
import { late, startDeadline, withinDeadline } from '../../lib/deadline.js';
import { manualClock } from '../helpers/manual-clock.js';

test('a result before the deadline is returned, and its timer is cleared', async (t) => {
  const clock = manualClock();
  t.is(await withinDeadline(Promise.resolve(7), 1_000, clock), 7);
  t.is(await withinDeadline(8, 1_000, clock), 8);
  t.deepEqual(clock.timers(), []);
});

test('a promise that does not settle is late at the deadline, and a later rejection is ignored', async (t) => {
  const clock = manualClock();
  let fail = (_error: Error): void => {};
  const hanging = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const result = withinDeadline(hanging, 1_000, clock);
  clock.advance(1_000);
  t.is(await result, late);
  fail(new Error('too late'));
  await t.notThrowsAsync(new Promise((resolve) => setImmediate(resolve)));
});

test('a rejection before the deadline is passed on', async (t) => {
  const clock = manualClock();
  await t.throwsAsync(withinDeadline(Promise.reject(new Error('broken')), 1_000, clock), {
    message: 'broken',
  });
  t.deepEqual(clock.timers(), []);
});

test('one deadline limits several waits', async (t) => {
  const clock = manualClock();
  const { passed, cancel } = startDeadline(1_000, clock);
  const waits = [1, 2].map(() => Promise.race([new Promise<never>(() => {}), passed]));
  clock.advance(1_000);
  t.deepEqual(await Promise.all(waits), [late, late]);
  cancel();
});
