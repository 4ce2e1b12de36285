import test from 'ava';
import { Counted, getInstrumentation, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { observedBy } from '../../decorators/observed-functions.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';

const one = defineCounter({ name: 'one_total', help: 'One.' });
const two = defineCounter({
  name: 'two_total',
  help: 'Two.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

/** A third-party decorator that wraps the method, in both modes. */
function doubled(...at: unknown[]): unknown {
  const wrap = (method: (...args: unknown[]) => number) =>
    function double(this: unknown, ...args: unknown[]): number {
      return 2 * method.apply(this, args);
    };
  if (at.length === 2) return wrap(at[0] as () => number);
  const descriptor = at[2] as PropertyDescriptor;
  descriptor.value = wrap(descriptor.value);
  return descriptor;
}
const Doubled = doubled as (...at: unknown[]) => void;

test('stacked decorators make one wrapper, regardless of their order and number', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(one, { registry })
    @Counted(one, { registry })
    @Timed(seconds, { registry })
    @TracksGauge(running, { registry })
    @Counted(two, { registry, labels: { outcome } })
    @Timed(seconds, { registry })
    run(amount: number): number {
      return amount + (new Error().stack?.match(/observed-function\.[jt]s/g)?.length ?? 0);
    }
  }
  t.is(new Worker().run(41), 42, 'one frame of this package on the stack');
  t.is(observedBy(Worker.prototype.run)?.observers.length, 6);
  t.is(readValue(registry, one), 2, 'the same decorator twice records twice');
  t.is(readHistogram(registry, seconds)?.count, 2);
  t.is(readValue(registry, two, { outcome: 'success' }), 1);
  t.is(readValue(registry, running), 0);
});

test('a third-party decorator between ours still works, and each of ours records once', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(one, { registry, value: ({ result }) => result })
    @Doubled
    @Counted(two, { registry, labels: { outcome }, value: ({ result }) => result })
    run(): number {
      return 21;
    }
  }
  t.is(new Worker().run(), 42);
  t.is(readValue(registry, one), 42, 'the outer one sees the doubled result');
  t.is(readValue(registry, two, { outcome: 'success' }), 21, 'the inner one what the method returned');
});

test('a third-party decorator above or below ours still works', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Doubled
    @Counted(one, { registry })
    above(): number {
      return 1;
    }
    @Counted(one, { registry })
    @Doubled
    below(): number {
      return 1;
    }
  }
  const worker = new Worker();
  t.is(worker.above() + worker.below(), 4);
  t.is(readValue(registry, one), 2);
  t.deepEqual(
    getInstrumentation(Worker).map(({ method }) => method),
    ['below'],
    'a third-party wrapper hides the decorators below it',
  );
});

test('a failing label source in one decorator does not affect the others', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(one, { registry })
    @Counted(two, {
      registry,
      labels: {
        outcome: () => {
          throw new Error('no');
        },
      },
    })
    @Timed(seconds, { registry })
    run(): void {}
  }
  new Worker().run();
  t.is(readValue(registry, one), 1);
  t.is(readHistogram(registry, seconds)?.count, 1);
});
