/** Runs of a function that must not overlap. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { oneAtATime } from '../../lib/one-at-a-time.js';

test('calls during a run share the next one, and runs never overlap', async (t) => {
  let runs = 0;
  let concurrent = 0;
  const work = oneAtATime(async () => {
    runs += 1;
    concurrent += 1;
    t.is(concurrent, 1);
    await turn();
    concurrent -= 1;
  });
  const first = work.run();
  t.true(work.isRunning);
  const [second, third] = [work.run(), work.run()];
  t.is(second, third);
  // A call from the moment when the first run ends waits for the second.
  await first.then(() => work.run());
  await Promise.all([first, second, third]);
  t.is(runs, 2);
  t.false(work.isRunning);
});

test('a run that rejects does not prevent the next', async (t) => {
  let runs = 0;
  const work = oneAtATime(async () => {
    runs += 1;
    await turn();
    if (runs === 1) throw new Error('disk full');
  });
  const first = work.run();
  const second = work.run();
  await t.throwsAsync(first, { message: 'disk full' });
  await t.notThrowsAsync(second);
  t.is(runs, 2);
});
