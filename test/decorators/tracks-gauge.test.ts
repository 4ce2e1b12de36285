import test from 'ava';
import { TracksGauge } from '../../decorators/index.js';
import { methodCallsInProgress } from '../../lib/catalogue/method.js';
import { defineGauge } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

const running = defineGauge({ name: 'jobs_running', help: 'Jobs in progress.', labels: { queue: label() } });
const depth = defineGauge({ name: 'queue_depth', help: 'Jobs waiting.' });

test('calls in progress are incremented at the start and decremented at any end', async (t) => {
  const registry = createTestRegistry();
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  class Worker {
    @TracksGauge(running, { registry, labels: { queue: 'mail' } })
    run(): Promise<void> {
      return new Promise((resolve, reject) => ends.push({ resolve, reject }));
    }
    @TracksGauge(running, { registry, labels: { queue: 'sync' } })
    fail(): void {
      t.is(readValue(registry, running, { queue: 'sync' }), 1);
      throw new Error('no');
    }
  }
  const worker = new Worker();
  const [first, second] = [worker.run(), worker.run()];
  t.is(readValue(registry, running, { queue: 'mail' }), 2);
  ends[0]?.resolve();
  await first;
  t.is(readValue(registry, running, { queue: 'mail' }), 1);
  ends[1]?.reject(new Error('no'));
  await t.throwsAsync(second);
  t.is(readValue(registry, running, { queue: 'mail' }), 0);
  t.throws(() => worker.fail());
  t.is(readValue(registry, running, { queue: 'sync' }), 0);
});

test('the end decrements the series of the start, even if the label would differ by then', (t) => {
  const registry = createTestRegistry();
  class Worker {
    queue = 'before';
    @TracksGauge(running, { registry, labels: { queue: ({ instance }) => instance.queue } })
    run(): void {
      this.queue = 'after';
    }
  }
  new Worker().run();
  t.is(readValue(registry, running, { queue: 'before' }), 0);
  t.is(readValue(registry, running, { queue: 'after' }), undefined);
});

test('`set` sets the gauge from the result of a successful call', async (t) => {
  const registry = createTestRegistry();
  class Queue {
    @TracksGauge(depth, { registry, set: ({ result }) => result })
    async size(jobs: number | Error): Promise<number> {
      if (jobs instanceof Error) throw jobs;
      return jobs;
    }
  }
  const queue = new Queue();
  await queue.size(7);
  t.is(readValue(registry, depth), 7);
  await queue.size(0);
  t.is(readValue(registry, depth), 0, '0 is a value');
  await queue.size(3);
  await t.throwsAsync(queue.size(new Error('no')));
  t.is(readValue(registry, depth), 3);
});

test('without a metric, calls in progress are tracked by class and method', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @TracksGauge({ registry })
    run(): number | undefined {
      return readValue(registry, methodCallsInProgress, { class: 'Worker', method: 'run' });
    }
  }
  t.is(new Worker().run(), 1);
  t.is(readValue(registry, methodCallsInProgress, { class: 'Worker', method: 'run' }), 0);
});
