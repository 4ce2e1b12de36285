/**
 * What a recording allocates, once its series and its bucket exist and V8 has optimized the code: V8's profiler notes every allocation
 * in a process of its own. V8 itself boxes a double that is passed to a function that it does not inline; the fixture passes numbers
 * that are boxed already, so that all that is noted is ours.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { compiled } from '../../helpers/package-root.js';

async function allocatedBytes(tracing: string, clock: string): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    // V8 has optimized the code after a number of calls, whatever the time.
    '--no-concurrent-recompilation',
    compiled('test/fixtures/allocations.js'),
    tracing,
    clock,
  ]);
  return JSON.parse(stdout) as Record<string, number>;
}

const kinds = ['counter', 'classic histogram', 'native histogram'] as const;

/** The fixture's clock, which boxes nothing, stands still as within a loop, or advances a millisecond with each reading. */
for (const [title, tracing, clock, limit] of [
  ['a recording allocates nothing', 'absent', 'running', 0.01],
  // One in a few hundred looks for a span, for which V8 may box its value, in 16 bytes.
  ['a recording in a loop without an active span allocates nothing', 'without a span', 'stopped', 1],
  ['a recording in a loop within a span allocates nothing', 'with a span', 'stopped', 1],
  ['a recording that looks for a span and finds none allocates nothing', 'without a span', 'running', 1],
  // An exemplar a second in each of a dozen buckets.
  ['a recording within a span allocates nothing unless its exemplar is taken', 'with a span', 'running', 16],
] as const) {
  test(title, async (t) => {
    const bytes = await allocatedBytes(tracing, clock);
    t.true((bytes['an object each'] ?? 0) >= 16, 'the profiler notes allocations');
    for (const kind of kinds)
      t.true((bytes[kind] ?? Number.NaN) < limit, `${kind}: ${bytes[kind]} bytes per recording`);
  });
}
