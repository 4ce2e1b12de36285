/** The calls that the option `sample` of `@Timed` leaves out. */
import test from 'ava';
import { Counted, Timed } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';

test('a call that `sample` leaves out returns the promise of the method itself, and is counted by other decorators', async (t) => {
  const registry = createTestRegistry();
  const sampled = defineHistogram({
    name: 'sampled_seconds',
    help: 'Durations.',
    labels: { runner: label() },
  });
  const fixed = Promise.resolve('done');
  class Worker {
    @Timed(sampled, { registry, sample: 10, labels: { runner: 'plain' } })
    plain(): Promise<string> {
      return fixed;
    }
    @Timed(sampled, { registry, sample: 10, labels: { runner: ({ args: [runner] }) => runner } })
    labelled(_runner: string): Promise<string> {
      return fixed;
    }
    @Counted({ registry })
    @Timed(sampled, { registry, sample: 10, labels: { runner: 'stacked' } })
    stacked(): Promise<string> {
      return fixed;
    }
  }
  const worker = new Worker();
  const calls = [() => worker.plain(), () => worker.labelled('labelled'), () => worker.stacked()];
  const own: number[] = [];
  for (const call of calls) {
    let same = 0;
    for (let time = 0; time < 100; time++) {
      const result = call();
      if (result === fixed) same += 1;
      t.is(await result, 'done');
    }
    own.push(same);
  }
  t.deepEqual(own, [90, 90, 0]);
  for (const runner of ['plain', 'labelled', 'stacked'])
    t.is(readHistogram(registry, sampled, { runner })?.count, 100, runner);
  t.is(readValue(registry, methodCalls, { class: 'Worker', method: 'stacked', outcome: 'success' }), 100);
});
