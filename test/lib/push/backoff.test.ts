import test from 'ava';
import { backoffSeconds } from '../../../lib/push/backoff.js';

test('the maximum wait doubles with every failure, up to a limit', (t) => {
  const ceilings = [1, 2, 3, 4, 5, 6, 1_000, 100_000].map((failures) =>
    backoffSeconds(failures, 15, 300, () => 1),
  );
  t.deepEqual(ceilings, [30, 60, 120, 240, 300, 300, 300, 300]);
});

test('the wait is random, below the maximum', (t) => {
  t.is(
    backoffSeconds(3, 15, 300, () => 0),
    0,
  );
  t.is(
    backoffSeconds(3, 15, 300, () => 0.25),
    30,
  );
  const waits = new Set(Array.from({ length: 100 }, () => backoffSeconds(1, 15, 300)));
  t.true(waits.size > 90);
  for (const wait of waits) t.true(wait >= 0 && wait <= 30);
});

test('an interval longer than the limit is the maximum wait, so failures cause no more requests than successes', (t) => {
  t.is(
    backoffSeconds(4, 600, 300, () => 1),
    600,
  );
});
