/** How often a target is read. */
import test from 'ava';
import { type ReadingKind, startSampler } from '../../../lib/history/sampler.js';
import { manualClock } from '../../helpers/manual-clock.js';

test('readings that take long come less often: quick ones take at most one per cent of the time', async (t) => {
  const clock = manualClock();
  const kinds: ReadingKind[] = [];
  const sampler = startSampler({
    clock,
    intervalSeconds: 15,
    openSeconds: 1,
    read: async (kind) => {
      kinds.push(kind);
      return 30;
    },
  });
  await clock.waitsFor(15_000);
  const close = sampler.open();
  await sampler.readNow();
  t.deepEqual(kinds, ['full', 'quick']);
  t.is(sampler.intervalSeconds, 3);
  await clock.waitsFor(3_000);
  close();
  await clock.waitsFor(15_000);
  close();
  t.is(sampler.intervalSeconds, 15);
  await sampler.stop();
  t.deepEqual(clock.timers(), []);
});

test('two pages are read for as one, and the interval stays short until both are closed', async (t) => {
  const clock = manualClock();
  const sampler = startSampler({ clock, intervalSeconds: 15, openSeconds: 1, read: async () => 1 });
  await clock.waitsFor(15_000);
  const [first, second] = [sampler.open(), sampler.open()];
  await clock.waitsFor(1_000);
  first();
  t.is(sampler.intervalSeconds, 1);
  second();
  t.is(sampler.intervalSeconds, 15);
  await sampler.stop();
});
