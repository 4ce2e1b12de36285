// In a process of its own: it replaces the clock before the package is loaded.
import test from 'ava';

// Installed before the package is loaded: counts every read of the clock.
const { hrtime } = process;
let reads = 0;
process.hrtime = Object.assign(
  (before?: [number, number]) => {
    reads += 1;
    return hrtime(before);
  },
  { bigint: hrtime.bigint },
);
const { Timed } = await import('../../decorators/index.js');
const { defineHistogram } = await import('../../lib/define.js');
const { createTestRegistry, readHistogram } = await import('../../lib/testing.js');

const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });

for (const [sample, expected] of [
  [1, 2000],
  [10, 200],
  [1000, 2],
] as const) {
  test.serial(`1,000 calls with one in ${sample} sampled read the clock ${expected} times`, (t) => {
    const registry = createTestRegistry();
    class Worker {
      @Timed(seconds, { registry, sample })
      run(): void {}
    }
    const worker = new Worker();
    const before = reads;
    for (let call = 0; call < 1000; call++) worker.run();
    const after = reads;
    t.is(after - before, expected);
    t.is(readHistogram(registry, seconds)?.count, 1000);
  });
}
