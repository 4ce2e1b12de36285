import test from 'ava';
import { Counted, Timed, TracksGauge } from '../../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels: { name: label() } });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

test.serial(
  'a recursion that overflows the stack throws its RangeError and leaves no call in progress',
  async (t) => {
    const registry = createTestRegistry();
    class Recursion {
      @Timed(seconds, { registry })
      @TracksGauge(running, { registry })
      @Counted(calls, { registry, labels: { name: 'endless' } })
      endless(): number {
        return this.endless() + 1;
      }
      @Timed(seconds, { registry })
      @TracksGauge(running, { registry })
      within(): number {
        const below = (): number => below() + 1;
        return below();
      }
    }
    const recursion = new Recursion();
    t.throws(() => recursion.endless(), { instanceOf: RangeError });
    t.throws(() => recursion.within(), { instanceOf: RangeError });
    await new Promise((resolve) => setImmediate(resolve));
    t.is(readValue(registry, running), 0);
    t.throws(() => recursion.endless(), { instanceOf: RangeError });
    t.is(readValue(registry, running), 0, 'also of calls that V8 has optimized');
  },
);

test.serial(
  'a label source that calls its own method neither fails the call nor recurses endlessly',
  async (t) => {
    const registry = createTestRegistry();
    class Reentrant {
      @TracksGauge(running, { registry })
      @Counted(calls, { registry, labels: { name: ({ instance }) => (instance as Reentrant).run() } })
      run(): string {
        return 'done';
      }
    }
    t.is(new Reentrant().run(), 'done');
    await new Promise((resolve) => setImmediate(resolve));
    t.is(readValue(registry, running), 0);
  },
);

test.serial('two layers that pass on one stream both end with it, also if it fails', async (t) => {
  const registry = createTestRegistry();
  class Layers {
    @TracksGauge(running, { registry })
    @Counted(calls, { registry, when: 'failure', labels: { name: () => 'inner' } })
    async *inner(): AsyncGenerator<number> {
      yield 1;
      throw new Error('broke off');
    }
    @TracksGauge(running, { registry })
    @Counted(calls, { registry, when: 'failure', labels: { name: () => 'outer' } })
    outer(): AsyncGenerator<number> {
      return this.inner();
    }
  }
  const stream = new Layers().outer();
  t.is(readValue(registry, running), 2);
  await t.throwsAsync(
    async () => {
      for await (const _ of stream);
    },
    { message: 'broke off' },
  );
  t.is(readValue(registry, calls, { name: 'inner' }), 1);
  t.is(readValue(registry, calls, { name: 'outer' }), 1);
  t.is(readValue(registry, running), 0);
});

test.serial('with `handlesRejections`, a rejection handled within the method stays handled', async (t) => {
  const registry = createTestRegistry();
  class Poller {
    task = Promise.resolve();
    @Counted(calls, { registry, when: 'failure', handlesRejections: true, labels: { name: () => 'poll' } })
    start(): Promise<void> {
      this.task = Promise.reject(new Error('connection lost'));
      this.task.catch(() => {});
      return this.task;
    }
  }
  const poller = new Poller();
  // AVA fails a test file that leaves a rejection unhandled.
  t.is(poller.start(), poller.task);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(readValue(registry, calls, { name: 'poll' }), 1);
});
