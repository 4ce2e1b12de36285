/** 200 concurrent scrapes of 50,000 series, with slow readers and clients that leave, while the app serves pages. */
import test from 'ava';
import { storm, stormReport } from '../bench/storm.js';

test('a storm of scrapes causes no error except 503, and memory is released afterwards', async (t) => {
  const result = await storm({ milliseconds: 2_000 });
  // The latencies are only printed: on a busy machine they prove nothing.
  t.log(stormReport(result));
  t.deepEqual(
    Object.keys(result.statuses).filter((status) => status !== '200' && status !== '503'),
    [],
  );
  t.true((result.statuses[200] ?? 0) > 0);
  t.deepEqual(Object.keys(result.pages), ['200']);
  const [before, after] = result.memory;
  t.true(after < before + 8 * 2 ** 20, `${before} and ${after} bytes`);
});
