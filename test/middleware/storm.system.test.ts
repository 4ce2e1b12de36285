/** 200 scrapes at once of 50,000 series, slow readers and clients that leave among them, while the app serves pages. */
import test from 'ava';
import { storm, stormReport } from '../bench/storm.js';

test('a storm of scrapes brings no error but 503, and memory returns to where it was', async (t) => {
  const result = await storm({ milliseconds: 2_000 });
  // The latencies are for reading: on a machine that does other things too, they prove nothing.
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
