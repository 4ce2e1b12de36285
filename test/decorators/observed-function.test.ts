/** Calls are recorded the same, whether or not any class of the process has settings. */
import test, { type ExecutionContext } from 'ava';
import { maxDepth } from '../../decorators/contained-observer.js';
import { Counted, Instrumented, instrument, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import type { CallObserver } from '../../decorators/observed-call.js';
import { observedFunction } from '../../decorators/observed-function.js';
import {
  hasClassFailures,
  setClassSettings,
  settingsVersion,
} from '../../decorators/recording/class-settings.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { processWide } from '../../lib/process-wide.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';

const calls = defineCounter({ name: 'calls_total', help: 'Calls.' });
const ends = defineCounter({
  name: 'keyed_ends_total',
  help: 'Ends.',
  labels: { key: label(), outcome: label('success', 'failure') },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

/** Until the end of a test, the process has these settings. */
function withSettings(t: ExecutionContext, settings: { version: number; hasFailure: boolean }): void {
  const all = processWide('all class settings', () => ({ version: 0, hasFailure: false }));
  const before = { ...all };
  Object.assign(all, settings);
  t.teardown(() => Object.assign(all, before));
}

function subject() {
  const registry = createTestRegistry();
  class Api {
    /** With fixed labels, so that no user code runs when it is recorded. */
    @Timed(seconds, { registry })
    @Counted(calls, { registry })
    run<T>(make: () => T): T {
      return make();
    }
    @Counted(calls, { registry })
    count<T>(make: () => T): T {
      return make();
    }
    @Counted(ends, { registry, labels: { key: ({ args: [key] }) => key, outcome } })
    @TracksGauge(running, { registry })
    end(_key: string, make = (): unknown => 1): unknown {
      return make();
    }
  }
  return {
    registry,
    api: new Api(),
    counts: () => [readValue(registry, calls), readHistogram(registry, seconds)?.count],
  };
}

for (const [title, settings] of [
  ['without settings of any class', { version: 0, hasFailure: false }],
  ['with settings of some class', { version: 1_000_000, hasFailure: false }],
  ['with the setting `failure` of some class', { version: 1_000_001, hasFailure: true }],
] as const) {
  test.serial(`${title}, a call is recorded once, whatever it returns`, async (t) => {
    withSettings(t, settings);
    // A function is final, also if it can be iterated.
    const callable = Object.assign(() => {}, { async *[Symbol.asyncIterator]() {} });
    for (const result of [1, 'text', null, undefined, { a: 1 }, [1], callable]) {
      const { api, counts } = subject();
      t.is(
        api.run(() => result),
        result as never,
      );
      t.deepEqual(counts(), [1, 1]);
      t.is(
        api.count(() => result),
        result as never,
      );
      t.deepEqual(counts(), [2, 1]);
    }
  });

  test.serial(`${title}, a call that returns a promise is recorded when it settles`, async (t) => {
    withSettings(t, settings);
    const { api, counts } = subject();
    const error = new Error('no');
    const [fulfilled, rejected] = [
      api.run(async () => 5),
      api.count(async () => {
        throw error;
      }),
    ];
    t.deepEqual(counts(), [0, 0]);
    t.is(await fulfilled, 5);
    await t.throwsAsync(rejected, { is: error });
    t.deepEqual(counts(), [2, 1]);
  });

  test.serial(`${title}, a call that throws is recorded, and its caller gets the error`, (t) => {
    withSettings(t, settings);
    const { api, counts } = subject();
    const error = new Error('no');
    const fail = (): never => {
      throw error;
    };
    t.throws(() => api.run(fail), { is: error });
    t.throws(() => api.count(fail), { is: error });
    t.deepEqual(counts(), [2, 1]);
  });

  test.serial(`${title}, calls that overflow the stack all end`, (t) => {
    withSettings(t, settings);
    const { api, counts } = subject();
    let depth = 0;
    const recurse = (): number => {
      depth++;
      return api.run(recurse) + 1;
    };
    t.throws(() => api.run(recurse), { instanceOf: RangeError });
    const [count = 0] = counts();
    t.true(count >= depth, `${count} of ${depth}`);
    t.is(
      api.run(() => 1),
      1,
    );
    t.is(counts()[0], count + 1);
  });

  test.serial(`${title}, a method gets its arguments, and a label its values`, (t) => {
    withSettings(t, settings);
    const { api, registry } = subject();
    t.is(api.end('a'), 1);
    t.throws(() =>
      api.end('a', () => {
        throw new Error('no');
      }),
    );
    t.is(readValue(registry, ends, { key: 'a', outcome: 'success' }), 1);
    t.is(readValue(registry, ends, { key: 'a', outcome: 'failure' }), 1);
    t.is(readValue(registry, running), 0);
  });

  test.serial(`${title}, calls are not recorded once their registry is disabled`, (t) => {
    withSettings(t, settings);
    const [off, on] = [subject(), subject()];
    const promise = Promise.resolve(5);
    t.not(
      off.api.run(() => promise),
      promise,
      'it is chained',
    );
    off.registry.disable();
    t.is(
      off.api.run(() => promise),
      promise,
    );
    t.is(
      off.api.run(() => 5),
      5,
    );
    t.is(
      on.api.run(() => 5),
      5,
    );
    t.is(
      on.api.count(() => 5),
      5,
    );
    t.is(off.registry.get('calls_total')?.series.size, 0);
    t.deepEqual(on.counts(), [2, 1]);
  });
}

test('an error whose name cannot be read is a failure, and reaches the caller', async (t) => {
  const { api, registry } = subject();
  const error = Object.defineProperty(new Error('no'), 'name', {
    get() {
      throw new Error('do not look');
    },
  });
  const caught = await (
    api.end('a', async () => {
      throw error;
    }) as Promise<unknown>
  ).catch((reason: unknown) => reason);
  t.true(caught === error);
  t.is(readValue(registry, ends, { key: 'a', outcome: 'failure' }), 1);
});

test.serial('settings that a class gets after its first call apply to the next one', (t) => {
  withSettings(t, { version: 0, hasFailure: false });
  const registry = createTestRegistry();
  class Late {
    @Counted(ends, { labels: { key: 'late', outcome } })
    run(ok = true): boolean {
      return ok;
    }
  }
  const late = new Late();
  late.run();
  const settings = { labels: {}, name: undefined, registry, failure: undefined };
  setClassSettings(Late, settings);
  t.not(settingsVersion(), 0);
  t.false(hasClassFailures());
  late.run(false);
  t.is(readValue(registry, ends, { key: 'late', outcome: 'success' }), 1);

  setClassSettings(Late, { ...settings, failure: ({ result }) => result !== true });
  t.true(hasClassFailures());
  late.run(false);
  late.run(true);
  t.is(readValue(registry, ends, { key: 'late', outcome: 'failure' }), 1);
  t.is(readValue(registry, ends, { key: 'late', outcome: 'success' }), 2);
});

test('a class with `failure` counts its failed results, also by a decorator that runs no user code', (t) => {
  const registry = createTestRegistry();
  @Instrumented({ failure: ({ result }) => result === 'bad' })
  class Worker {
    @Counted(calls, { registry, when: 'failure' })
    run(result: string): string {
      return result;
    }
  }
  const worker = new Worker();
  for (const result of ['good', 'bad', 'good']) worker.run(result);
  t.is(readValue(registry, calls), 1);
});

test.serial(
  'without `failure` of any class, a function that runs no user code is recorded however many recordings it is within',
  (t) => {
    withSettings(t, { version: 0, hasFailure: false });
    const registry = createTestRegistry();
    let ran = 0;
    const count = instrument(
      function count() {
        ran++;
      },
      Counted(calls, { registry }),
    );
    const source = (): string => {
      count();
      recurse();
      return 'a';
    };
    // Its label source calls it again, until it is no longer recorded.
    const recurse = instrument(
      function recurse() {},
      Counted(ends, { registry, labels: { key: source, outcome: 'success' } }),
    );
    recurse();
    t.is(ran, maxDepth + 1);
    t.is(readValue(registry, calls), ran);
  },
);

test('an observer that cannot be switched off sees all calls, also if a registry is disabled', (t) => {
  createTestRegistry({ enabled: false });
  const seen: unknown[] = [];
  const observer: CallObserver = { end: ({ result }) => void seen.push(result) };
  for (const observers of [[observer], [observer, observer]])
    observedFunction(() => 5, observers, { holder: undefined })();
  t.deepEqual(seen, [5, 5, 5]);
});
