// In a process of its own: it measures the heap.
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { Counted, Timed, TracksGauge } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineGauge, defineHistogram } from '../../lib/define.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Collects garbage, and lets finalization callbacks run. */
async function collected(): Promise<number> {
  for (let time = 0; time < 10; time++) {
    collectGarbage();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

test('10,000 abandoned async iterators neither grow the heap nor stay in progress', async (t) => {
  const registry = createTestRegistry();
  class Source {
    @TracksGauge(running, { registry })
    @Timed(seconds, { registry })
    @Counted({ registry })
    async *stream(): AsyncGenerator<number> {
      const kept = new Array<number>(1000).fill(0);
      yield kept.length;
      yield kept.length;
    }
  }
  const source = new Source();
  const abandon = async (count: number): Promise<void> => {
    for (let call = 0; call < count; call++) await source.stream().next();
  };
  await abandon(2_000);
  const before = await collected();
  await abandon(10_000);
  const grown = (await collected()) - before;
  // Each one held 8 kB: a leak would be 80 MB.
  t.true(grown < 1_000_000, `${grown} bytes`);
  t.is(readValue(registry, running), 0);
  const [counted] = await readSamples(registry, methodCalls);
  t.is(counted?.value, 12_000);
  t.is(readHistogram(registry, seconds)?.count, 0, 'the time of their end is unknown');
});
